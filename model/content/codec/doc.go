// Package codec writes values through encodings and reads them back: percent-encoding,
// JSON strings, markup, Base64, hex, content codings and their like, one within the
// other.
//
// The central type is Chain, which says how a client wrote a value down to its byte:
//
//	c, err := codec.Parse("json|plus-lower") // a JSON string in a form field
//	fmt.Println(c.Encode(`say "é"`))         // say+%5c%22%c3%a9%5c%22
//
// Fit finds the chain of recorded texts: that with which every text, read and written
// again, is the same. Where there is none, texts are kept as they are (Raw).
//
// The package keeps no state. It reads hostile texts within limits.
package codec
