// Turns what is shown into something else and leaves alone what stays: whoever reads, selects or stands in it is not disturbed.

/** Gives `current` the children and attributes of `wanted`, from which it takes what is new. */
export function morph(current: Element, wanted: Element): void {
  for (const { name } of [...current.attributes].filter(({ name }) => !wanted.hasAttribute(name))) {
    current.removeAttribute(name);
  }
  for (const { name, value } of wanted.attributes) {
    if (current.getAttribute(name) !== value) {
      current.setAttribute(name, value);
    }
  }
  morphChildren(current, wanted);
}

/** As `morph`, without the attributes. */
export function morphChildren(current: Node, wanted: Node): void {
  let next = current.firstChild;
  for (const child of [...wanted.childNodes]) {
    const kept = counterpart(next, child);
    if (!kept) {
      current.insertBefore(child, next);
      continue;
    }
    while (next && next !== kept) {
      next = removed(next);
    }
    if (!kept.isEqualNode(child)) {
      if (kept instanceof Element && child instanceof Element) {
        morph(kept, child);
      } else {
        kept.nodeValue = child.nodeValue;
      }
    }
    next = kept.nextSibling;
  }
  while (next) {
    next = removed(next);
  }
}

/** The node, from `first` on, that becomes `wanted`: the next of its kind. Text is of the kind of text that is next. */
function counterpart(first: ChildNode | null, wanted: ChildNode): ChildNode | null {
  if (!(wanted instanceof Element)) {
    return first?.nodeType === wanted.nodeType ? first : null;
  }
  let node = first;
  while (node && node.nodeName !== wanted.nodeName) {
    node = node.nextSibling;
  }
  return node;
}

function removed(node: ChildNode): ChildNode | null {
  const next = node.nextSibling;
  node.remove();
  return next;
}
