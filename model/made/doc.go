// Package made recognises values that clients make up, such as UUIDs and times of the
// clock, and makes new ones of the same form.
//
//	form, how := made.Recognise([]made.Value{{Text: "ord_8b0e7153bf7c3706d85c"}, {Text: "ord_524e440066559a6656c9"}, {Text: "ord_0bd5482a90a29b9fa5ff"}})
//	fmt.Println(form, how) // ord_{hex 20} random
//	value := form.Make(random, now)
//
// The central type is Form. A form is text with parts in braces, see Parse. Recognise
// looks at the values that one place of requests carried, each of them new. It says how
// much the look of the values proves, see Strength. What else is known of the place is
// left to the caller.
//
// A Clock is a way to write the time. RecogniseClock tells times that follow the clock
// from dates that users chose.
//
// The package is pure: randomness and time come in as arguments.
package made
