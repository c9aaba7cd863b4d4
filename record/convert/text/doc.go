// Package text reads the text form of recordings, which "starling flow cat" prints.
// Nothing is lost.
package text
