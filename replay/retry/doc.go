// Package retry says when a user sends a request again that the target puts off.
//
//	wait, ok := retry.After(response)
//
// How often that happens is the caller's to decide, see [Patience].
package retry
