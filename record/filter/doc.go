// Package filter reads the expressions that choose flows.
//
//	e, err := filter.Parse("status >= 500 and path ~ '^/api'")
//	fmt.Println(target, e.Match(f))
//
// FORMAT.md beside package flowfile lists the fields and operators. An
// [Expression] also tells which blocks of a recording cannot hold a flow that
// matches, so that a reader passes over them.
package filter
