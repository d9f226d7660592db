import random,re
VERB="""{X} {V3} {Y}.|{X} will {Vb} {Y}.|{X} may {Vb} {Y}.|{X} can {Vb} {Y}.|{X} has to {Vb} {Y}.|{Y} is {Vp} by {X}.|{Y} gets {Vp} by {X}.|{Y} is being {Vp} by {X}.|{Y} has been {Vp} by {X}.|In {X}, {Y} is {Vp}.|Within {X}, {Y} gets {Vp}.|{Y} is {Vp} in {X}.|{Y} is {Vp} inside {X}.|It is {X} that {V3} {Y}.|It is {Y} that {X} {V3}.|What {X} {V3} is {Y}.|What {V3} {Y} is {X}.|{X} is what {V3} {Y}.|{Y} is what {X} {V3}.|{Y} is one of the things that {X} {V3}.|One of the things {X} {V3} is {Y}.|{X} is one of those that {Vb} {Y}.|{Vg} {Y} is what {X} does.|What {X} does is {Vb} {Y}.|{X} is responsible for {Vg} {Y}.|{X} works by {Vg} {Y}.|By {Vg} {Y}, {X} does its job.|{X} does so by {Vg} {Y}.|{X} tries to {Vb} {Y}.|{X} is able to {Vb} {Y}.|{X} is written to {Vb} {Y}.|{X} was written so that it {V3} {Y}.|{X}, which {V3} {Y}, is short.|{Y}, which {X} {V3}, is of interest.|{Y}, {Vp} by {X}, is of interest.|There is code in {X} that {V3} {Y}.|{X} has code that {V3} {Y}.|The code of {X} {V3} {Y}.|A line of {X} {V3} {Y}.|You can see {X} {Vg} {Y}.|You can see {Y} being {Vp} in {X}.|{X} is where {Y} is {Vp}.|{X} is the place where {Y} gets {Vp}.|The one that {V3} {Y} is {X}.|The thing {Vp} by {X} is {Y}.|{Vp} by {X} is {Y}.|{Vg} {Y} is {X}.|When {X} runs, it {V3} {Y}.|When {X} runs, {Y} is {Vp}.|While running, {X} {V3} {Y}.|Once called, {X} {V3} {Y}.|{X} {V3} {Y} when called.|{X} goes on to {Vb} {Y}.|{X} ends up {Vg} {Y}.|{X} does its work and {V3} {Y}.|{Y}: {Vp} by {X}.|{X}: {V3} {Y}.|Reading {X}, you find that it {V3} {Y}.|From {X}, {Y} is {Vp}.|{Y} is to be {Vp} by {X}.|{Y} is there for {X} to {Vb}.|For {X}, {Y} is something to {Vb}.|If you look at {X}, you see that it {V3} {Y}.|{Y} is {Vp} when {X} runs.|{Y} is {Vp}, namely by {X}.|The job of {X} is to {Vb} {Y}.|Part of {X} is {Vg} {Y}.|{X} also {V3} {Y}.|We see {Y} {Vp} by {X}.|{X} happens to {Vb} {Y}.|{X} makes sure to {Vb} {Y}.|{X} takes care of {Vg} {Y}.|The {Vg} of {Y} is done by {X}.|The {Vg} of {Y} takes place in {X}.|{Y}, as {X} {V3} it, is simple.|{X} and {Y}: the first {V3} the second."""
DOER="""{X} is a {N} {of} {Y}.|{X} is the {N} {of} {Y}.|{X} is one of the {N}s {of} {Y}.|A {N} {of} {Y} is {X}.|The {N} {of} {Y} is {X}.|One of the {N}s {of} {Y} is {X}.|{Y} has {X} as a {N}.|{Y} has {X} as one of its {N}s.|{Y} has a {N}, {X}.|{Y}'s {N} is {X}.|{X} is {Y}'s {N}.|Among the {N}s {of} {Y} is {X}.|Among the {N}s {of} {Y} one finds {X}.|{X} acts as a {N} {of} {Y}.|{X} serves as the {N} {of} {Y}.|The {N}s {of} {Y} include {X}.|{Y} lists {X} among its {N}s.|{Y}'s {N}s include {X}.|There is a {N} {of} {Y} called {X}.|{X}, a {N} {of} {Y}, is short.|{X} counts among the {N}s {of} {Y}.|{X} can be seen as a {N} {of} {Y}.|As a {N}, {X} belongs to {Y}.|{Y} has a {N} named {X}.|{Y} has the {N} {X}.|{X} became a {N} {of} {Y}.|{X} is there as a {N} {of} {Y}.|{X} is listed among the {N}s {of} {Y}.|What {X} is to {Y} is its {N}.|{Y}: its {N} is {X}."""
DEED="""There is a {N} {of} {Y} in {X}.|{X} contains a {N} {of} {Y}.|{X} has a {N} {of} {Y}.|{X} makes a {N} {of} {Y}.|{X} performs a {N} {of} {Y}.|A {N} {of} {Y} happens in {X}.|A {N} {of} {Y} is found in {X}.|In {X} there is a {N} {of} {Y}.|In {X} one finds a {N} {of} {Y}.|The {N} {of} {Y} comes from {X}.|{X} is the site of a {N} {of} {Y}.|The body of {X} includes a {N} {of} {Y}.|The {N} {of} {Y} is in {X}.|You will find a {N} {of} {Y} in {X}.|One {N} {of} {Y} is made by {X}.|{Y} has a {N} in {X}.|The line of {X} is a {N} {of} {Y}.|Inside {X} sits a {N} {of} {Y}.|{X} leads to a {N} {of} {Y}."""
VP="""{X} {VP3}.|{X} will {VPb}.|{X} is there to {VPb}.|{X} works by {VPg}.|By {VPg}, {X} does its job.|What {X} does is {VPb}.|{VPg} is what {X} does.|It is {X} that {VP3}.|{VPp} by {X}.|In {X}, {VPp}.|Inside {X}, {VPp}.|{VPp} in {X}.|{VPp} when {X} runs.|When {X} runs, {VPp}.|{X} is where {VPp}.|{X} has a line that {VP3}.|One of the statements of {X} {VP3}.|You can see {X} {VPg}.|{X} ends up {VPg}.|{X} is responsible for {VPg}.|When called, {X} {VP3}.|{X} goes on to {VPb}.|{X} also {VP3}.|There is a line in {X} that {VP3}.|The code of {X} {VP3}.|{X}, which {VP3}, is short.|Once {X} has run, {VPp}.|{VPp} after {X}.|{VPp} as soon as {X} runs.|With {X}, {VPp}.|{VPp} thanks to {X}."""
PRE="In the end, |At some point, |Here, |Internally, |In this version, |Basically, |As one can see, |For its part, |Among other things, |Eventually, ".split("|")
POST=" in its body| along the way| as part of its work|, as the code shows| at this point| here| directly| on this line| among other things| in the process|, which is easy to see".split("|")
IRR={"give":("gave","given"),"take":("took","taken"),"throw":("threw","thrown"),"catch":("caught","caught"),"override":("overrode","overridden"),"hold":("held","held"),"run":("ran","run"),"build":("built","built"),"have":("had","had"),"find":("found","found"),"put":("put","put"),"set":("set","set"),"make":("made","made"),"write":("wrote","written"),"keep":("kept","kept"),"bear":("bore","borne"),"wear":("wore","worn"),"get":("got","got")}
def forms(v):
    h,_,t=v.partition(" "); t=" "+t if t else ""
    third=h+"es" if h.endswith(("ch","sh","ss","x","o")) else h[:-1]+"ies" if h.endswith("y") and h[-2] not in "aeiou" else h+"s"
    if h=="have": third="has"
    st=h[:-1] if h.endswith("e") and not h.endswith("ee") else h+h[-1] if h in("run","put","set","trap","wrap","get") else h
    pp=IRR[h][1] if h in IRR else h[:-1]+"ied" if third.endswith("ies") else st+"ed"
    return dict(Vb=h+t,V3=third+t,Vg=st+"ing"+t,Vp=pp+t)
S,O,E="`{s}`","`{o}`","`{e}`"
TABLE={
"calls":(S,O,"call|invoke|execute|run|trigger|use|delegate to|rely on|depend on|reach|employ|resort to","caller of|user of|client of|invoker of","callee of|helper of|dependency of|collaborator of","call to|call of|invocation of|use of"),
"returns":(S,O,"return|hand back|give back|produce|deliver|give|supply|output|send back|provide|yield","","result of|return value of|output of|outcome of",""),
"raises":(S,O,"raise|throw|signal|emit|fail with|abort with|produce","source of|origin of","exception of|error of|failure of","raise of"),
"takes":(S,O,"take|accept|expect|receive|require|need|want|get|consume|ask for|support","","parameter of|argument of|input of|option of|parameter to|argument to",""),
"inherits":(S,O,"inherit from|extend|subclass|derive from|specialise|descend from|build on","subclass of|child of|descendant of|derived class of|specialisation of|child class of","base class of|parent of|superclass of|base of|ancestor of|parent class of",""),
"member":(O,S,"define|declare|contain|own|provide|offer|have|implement|include|hold","home of|owner of","method of|member of|operation of|part of",""),
"defined":(O,S,"define|contain|hold|house|include|declare|provide|introduce|implement","home of|location of|place of|source of","","definition of>o"),
"decorated":("`@{o}`",S,"decorate|wrap|mark|annotate|adorn|modify|tag","decorator of|decorator on|decorator for","",""),
"overrides":(S,O,"override|replace|redefine|reimplement|supersede|shadow|substitute for|take the place of","override of|redefinition of|replacement of|new version of|replacement for|reimplementation of","",""),
"catches":(S,O,"catch|handle|trap|intercept|swallow|deal with|suppress|guard against|cope with|recover from","handler of|handler for","",""),
}
SETV=[("set {o} to {e}","{o} is set to {e}"),("store {e} in {o}","{e} is stored in {o}"),("assign {e} to {o}","{e} is assigned to {o}"),("put {e} into {o}","{e} is put into {o}"),("save {e} as {o}","{e} is saved as {o}"),("initialise {o} with {e}","{o} is initialised with {e}"),("change {o} to {e}","{o} is changed to {e}"),("replace {o} with {e}","{o} is replaced with {e}"),("bind {o} to {e}","{o} is bound to {e}"),("give {o} the value {e}","{o} is given the value {e}"),("keep {e} in {o}","{e} is kept in {o}"),("make {o} {e}","{o} becomes {e}"),("write {e} to {o}","{e} is written to {o}"),("update {o} to {e}","{o} is updated to {e}"),("record {e} in {o}","{e} ends up in {o}"),("fill {o} with {e}","{o} holds {e}"),("make {o} equal to {e}","{o} equals {e}"),("turn {o} into {e}","{o} turns into {e}"),("assign {o} the value {e}","{o} gets the value {e}"),("define {o} as {e}","{o} is defined as {e}")]
# (verb, preposition): of what is assigned with the value first, and with the target first
VALUE_FIRST="store in|put into|save as|keep in|assign to|write to|record in|place in|copy into|bind to|attach to|remember in|load into|insert into|cache in|stash in|hang on|register as|push into|move into|add as|expose as|use as|use for|pass on to".split("|")
TARGET_TOO="set to|change to|initialise with|initialise to|replace with|update to|update with|fill with|turn into|define as|make|point at|bind to|reset to|overwrite with|switch to|flip to|configure as|establish as|leave at|populate with|equate with|mutate into|declare as|prepare as".split("|")
VALUE_FORMS="{s} {V3} {e} {P} {o}.|{s} will {Vb} {e} {P} {o}.|What {s} {V3} {P} {o} is {e}.|{e} is what {s} {V3} {P} {o}.|{o} is where {s} {V3} {e}.|{o} is where {e} is {Vp} by {s}.|The value {Vp} {P} {o} in {s} is {e}.|{e} is {Vp} {P} {o} by {s}.|{e} gets {Vp} {P} {o} in {s}.|{s} takes {e} and {V3} it {P} {o}.|{P} {o}, {s} {V3} {e}.|In {s}, {e} is {Vp} {P} {o}.|It is {e} that {s} {V3} {P} {o}.|It is {P} {o} that {s} {V3} {e}.|It is {s} that {V3} {e} {P} {o}.|{Vg} {e} {P} {o} is what {s} does.|{s} does so by {Vg} {e} {P} {o}.|{s} computes {e}, {Vg} it {P} {o}.|The value {e} is {Vp} {P} {o} when {s} runs.|You can see {s} {Vg} {e} {P} {o}.|{s} contains the {Vg} of {e} {P} {o}.|{s} has {e} {Vp} {P} {o}.|After {s}, {e} is {Vp} {P} {o}.|{s} uses {o} to {Vb} {e} in.|{s}: {V3} {e} {P} {o}.|Thanks to {s}, {e} is {Vp} {P} {o}.|{s} is there to {Vb} {e} {P} {o}.".split("|")
TARGET_FORMS="{s} {V3} {o} {P} {e}.|{s} will {Vb} {o} {P} {e}.|What {s} {V3} {P} {e} is {o}.|What {s} {V3} {o} {P} is {e}.|{o} is what {s} {V3} {P} {e}.|{e} is what {s} {V3} {o} {P}.|{o} is {Vp} {P} {e} by {s}.|{o} gets {Vp} {P} {e} in {s}.|{s} takes {o} and {V3} it {P} {e}.|In {s}, {o} is {Vp} {P} {e}.|It is {o} that {s} {V3} {P} {e}.|It is {P} {e} that {s} {V3} {o}.|It is {s} that {V3} {o} {P} {e}.|{Vg} {o} {P} {e} is what {s} does.|{s} does so by {Vg} {o} {P} {e}.|{s} modifies {o}, {Vg} it {P} {e}.|{o} is {Vp} {P} {e} when {s} runs.|You can see {s} {Vg} {o} {P} {e}.|{s} has {o} {Vp} {P} {e}.|{s} keeps {o} {Vp} {P} {e}.|After {s}, {o} is {Vp} {P} {e}.|{s}: {V3} {o} {P} {e}.|Thanks to {s}, {o} is {Vp} {P} {e}.|{s} is there to {Vb} {o} {P} {e}.|{s} uses {e} to {Vb} {o}.|With {s}, {o} is {Vp} {P} {e}.|The attribute {o} is {Vp} {P} {e} by {s}.".split("|")
STATES="{o} is {e} after {s}.|After {s}, {o} is {e}.|Once {s} has run, {o} is {e}.|{o} will be {e} once {s} is done.|{o} becomes {e} in {s}.|In {s}, {o} becomes {e}.|{o} equals {e} after {s}.|{o} holds {e} once {s} has run.|What {o} holds after {s} is {e}.|{e} is what {o} holds after {s}.|The value of {o} is {e} after {s}.|The value of {o} becomes {e} in {s}.|The value that {o} gets in {s} is {e}.|{e} is the value that {o} gets in {s}.|{e} is the value of {o} after {s}.|The new value of {o} in {s} is {e}.|The value {s} gives {o} is {e}.|{e} is the value {s} gives {o}.|{s} makes {e} the value of {o}.|{s} makes {o} {e}.|{s} lets {o} be {e}.|{s} gives {o} the value {e}.|{s} gives {e} to {o} as its value.|{o} gets its value, {e}, from {s}.|{o} receives {e} from {s}.|{o} takes the value {e} in {s}.|{o} takes {e} as its value in {s}.|{o} ends up as {e} in {s}.|{e} ends up in {o} in {s}.|{e} ends up as {o} when {s} runs.|{e} goes into {o} in {s}.|Into {o} goes {e} in {s}.|{o} is where {e} goes in {s}.|{e} lands in {o} when {s} runs.|{o} starts as {e} in {s}.|{o} starts out as {e}, which {s} assigns.|There is an assignment of {e} to {o} in {s}.|{s} contains an assignment of {e} to {o}.|An assignment in {s} gives {o} the value {e}.|{s} performs the assignment of {e} to {o}.|{s} makes an assignment to {o}, with {e} as the value.|{s} uses {e} as the value of {o}.|{s} makes sure that {o} is {e}.|{s} assigns to {o} the value {e}.|{s} assigns {o} the value {e}.|From {s} on, {o} is {e}.|{o} refers to {e} after {s}.|{s} makes {o} refer to {e}.|{o} contains {e} when {s} is done.|{o} is {e}, set by {s}.|{o} is {e}, as set in {s}.|{o} is a place where {s} keeps {e}.|{s} assigns {o}; the value is {e}.".split("|")
COND="if {e}|when {e}|whenever {e}|as long as {e}|provided that {e}|in case {e}|on condition that {e}|once {e}|given that {e}|if {e} is true|when {e} holds|as soon as {e} is true|if it turns out that {e}|under the condition {e}|if {e} is met|assuming {e}|where {e}|after checking that {e}|in the branch for {e}|so long as {e} holds".split("|")
OMIT="if {o} is omitted|when {o} is not given|unless {o} is given|if {o} is left out|when no {o} is passed|without {o}|if the caller omits {o}|if you do not pass {o}|when {o} is missing|in the absence of {o}|if {o} is unspecified|when callers leave {o} out|if nothing is passed for {o}".split("|")
def cap(t):
    t=t.strip()
    return t[0].upper()+t[1:] if t[0]!="`" else t
def generated(n=60, seed=0):
    rng=random.Random(seed); out={}
    for K,(X,Y,vs,doer,done,deed) in TABLE.items():
        ws=set()
        for i in range(n):
            c=rng.random()
            if c<.6 or not (doer or done or deed):
                f=forms(rng.choice(vs.split("|"))); t=rng.choice(VERB.split("|"))
                w=t.format(X=X,Y=Y,**f)
                w=w
            else:
                side=rng.choice([s for s in("doer","done","deed") if {"doer":doer,"done":done,"deed":deed}[s]])
                if side=="deed" and ">" in deed: side="doer" if doer else "done"
                words=rng.choice({"doer":doer,"done":done,"deed":deed}[side].split("|"))
                N,of=words.rsplit(" ",1)
                t=rng.choice((DEED if side=="deed" else DOER).split("|"))
                a,b=(X,Y) if side!="done" else (Y,X)
                w=t.format(X=a,Y=b,N=N,of=of)
            if rng.random()<.15: w=rng.choice(PRE)+(w if w[0]=="`" else w[0].lower()+w[1:])
            if rng.random()<.15: w=w[:-1]+rng.choice(POST)+"."
            ws.add(cap(w))
        out[K]=sorted(ws)
    ws=set()
    for i in range(n):
        c=rng.random()
        if c<.75:
            words,shapes=((VALUE_FIRST,VALUE_FORMS),(TARGET_TOO,TARGET_FORMS),(["be "],STATES))[int(c*4)]
            verb,_,prep=rng.choice(words).partition(" ")
            w=" ".join(rng.choice(shapes).format(s=S,o=O,e=E,P=prep,**forms(verb)).replace(" .",".").split())
            ws.add(cap(w)); continue
        act,pas=rng.choice(SETV); act,pas=(q.format(o=O,e=E) for q in(act,pas))
        h,_,t=act.partition(" "); f=forms(h); 
        w=rng.choice(VP.split("|")).format(X=S,VPb=act,VP3=f["V3"]+" "+t,VPg=f["Vg"]+" "+t,VPp=pas)
        if rng.random()<.15: w=rng.choice(PRE)+(w if w[0]=="`" else w[0].lower()+w[1:])
        ws.add(cap(w))
    out["sets"]=sorted(ws)
    ws=set()
    D=TABLE["returns"]
    for i in range(n):
        f=forms(rng.choice(D[2].split("|")))
        c=rng.choice(COND).format(e=E)
        t=rng.choice([t for t in VERB.split("|") if "When" not in t and "when" not in t and ":" not in t])
        if rng.random()<.25: t=rng.choice("{Y} is the result of {X}.|the result of {X} is {Y}.|the return value of {X} is {Y}.|{X} has {Y} as its result.|callers of {X} get {Y}.|{X} ends with {Y}.|the caller of {X} receives {Y}.|calling {X} gives {Y}.".split("|"))
        w=t.format(X=S,Y=O,**f)
        w=w[:-1]+" "+c+"." if rng.random()<.5 else cap(c)+rng.choice([", ",", then "])+(w if w[0]=="`" else w[0].lower()+w[1:])
        ws.add(cap(w))
    for i in range(n//4):
        f=forms(rng.choice(D[2].split("|")))
        ws.add(cap(rng.choice("{X} checks whether {E}, and if so {V3} {Y}.|{X} tests {E} and {V3} {Y} if it holds.|the branch of {X} for {E} {V3} {Y}.|in {X}, {E} leads to {Y} being {Vp}.|{E} makes {X} {Vb} {Y}.|when {E} in {X}, {Y} is {Vp}.|{X}: if {E}, {V3} {Y}.|the condition for {X} to {Vb} {Y} is {E}.|with {E}, {X} {V3} {Y}.|{E} decides that {X} {V3} {Y}.|{Y} is {Vp} from the branch of {X} where {E}.|that {E} means that {X} {V3} {Y}.".split("|")).format(X=S,Y=O,E=E,**f)))
    out["returns_if"]=sorted(ws)
    ws=set()
    main="{s} uses {e}|{s} takes {e}|{s} assumes {e}|{e} is used by {s}|{s} falls back to {e}|{s} works with {e}|{s} has {e} for it|{s} goes with {e}|it is {e} in {s}|{s} substitutes {e}|{e} is what {s} uses|{s} picks {e}|{s} settles on {e}|{s} sets it to {e}|{e} applies in {s}|{s} proceeds with {e}".split("|")
    fix="{o} can be left out in {s}, since it defaults to {e}.|{o} is optional in {s}, with {e} as the default.|{s} has {o} default to {e}.|{o} has {e} as its default in {s}.|{e} is the default {o} of {s}.|What {o} is in {s} by default is {e}.|The value of {o} in {s} is {e} by default.|The value that {s} uses for {o} by default is {e}.|{s} is declared with {o} defaulting to {e}.|The parameter {o} of {s} has the default {e}.|{e} is the default value of the {o} parameter of {s}.|{s} has a default for {o}, which is {e}.|There is a default for {o} in {s}: {e}.|As the default for {o}, {s} has {e}.|{e} is assumed for {o} by {s}.|It is {e} that {s} uses for {o} by default.|{o} is {e} in {s} by default.|{o} is set to {e} by {s} by default.|{s}'s default for {o} is {e}.|{s} uses {e} as {o} by default.|{s} considers {o} to be {e} by default.|{s} takes {o} to be {e} by default.|{s} initialises {o} to {e} by default.|{s} assigns {e} to {o} by default.|{e} is the default of {o} in {s}.|The default of {o} in {s} is {e}.|{o} defaults to {e} in {s}.|In {s}, {o} defaults to {e}.|{s} has {e} as the default for {o}.|{s} gives {o} a default of {e}.|{o} has the default {e} in {s}.|{s} takes {o}, which defaults to {e}.|{s} declares {o} with the default {e}.|By default, {o} is {e} in {s}.|{s} defaults {o} to {e}.|{s} lets you omit {o}, in which case {e} is used.|{s} can be called without {o}, which is then {e}.|{o} of {s} is {e} unless given.|{o} is an optional parameter of {s} whose default is {e}.|{o} is optional in {s} and is {e} by default.|The signature of {s} sets {o} to {e} by default.|{e} stands in for {o} in {s} when nothing is given.|For {o}, {s} falls back to {e}.|{s} treats {o} as {e} by default.|Leaving out {o} in a call of {s} means {e}.|A call to {s} without {o} uses {e}.|{s} fills in {e} for {o}.|Callers of {s} who omit {o} get {e}.|The parameter {o} of {s} starts as {e}.|{o}, a parameter of {s}, is {e} by default.|Unless told otherwise, {s} uses {e} for {o}.|{s} comes with {e} as the default value of {o}.|An omitted {o} is taken as {e} by {s}.|{s} replaces a missing {o} by {e}.|{s} makes {e} the default for {o}.".split("|")
    for i in range(n):
        if rng.random()<.5: w=rng.choice(fix)
        else:
            a,b=rng.choice(main),rng.choice(OMIT)
            w=a+" "+b+"." if rng.random()<.5 else b+", "+a+"."
        ws.add(cap(w.format(s=S,o=O,e=E)))
    out["default"]=sorted(ws)
    return out
if __name__=="__main__":
    g=generate(0,6)
    for k,v in g.items():
        print(k); [print("   ",x) for x in v]
