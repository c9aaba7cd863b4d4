// Package echo finds what users wrote and saw again: a text of a request that changes
// something, which a later answer of the same session shows.
//
//	l := echo.New()
//	l.Add([]echo.Session{{Steps: steps}})
//	found := l.Result()
//	fmt.Printf("%+v\n", found[0][1]) // what the answer to step 1 of session 0 shows
//
// A target that accepts a write and does not do it answers as one that does. The next
// answer that should show what was written tells them apart, whatever the write was.
//
// A text counts on evidence only: no answer of the session had it before, a later one has
// it, and those of other sessions at the same endpoint did not have it before it was
// written. An answer that many users write into, such as a list, may show what others
// wrote in its place. So an echo says how much of others it had room for.
//
// A text is looked for by its [Mark]. So it is found in HTML, in JSON and in plain text.
package echo
