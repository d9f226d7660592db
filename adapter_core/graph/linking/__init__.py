"""Links between files, worked out at query time from facts that are local to one file: what a name means, what a call enters.

`values` are what expressions may be; `tables` find a file's facts by name; `modules` follow imports, `classes` bases and members,
`evaluate` expressions, `calling` calls and their arguments, `annotations` types, `externals` what the standard library does with
functions it is given; `sites` and `references` ask all that about the places where a name stands.
"""
