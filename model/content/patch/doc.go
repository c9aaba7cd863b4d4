// Package patch knows what a client changed in a JSON document that it had read and
// wrote back, and does the same to another state of the document.
//
//	ops, ok := patch.Between(shown, sent)     // what the client did
//	body, err := patch.Apply(live, ops)       // the same done to the live document
//
// The central type is [Op], one change at a path. Elements of an array are known by
// the member that identifies them ("id", "key", …), never by their index where there
// is one. So a change meets the record that it was made to, and what others added
// meanwhile stays. A document without that record is not changed at all.
//
// Sealed writes the operations into a JSON body, in place of the document that they
// change; Open turns such a body into what is sent. This is no JSON Patch (RFC 6902),
// which knows elements by their index, and no merge patch (RFC 7386), which replaces
// arrays as a whole.
package patch
