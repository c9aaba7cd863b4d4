// Package display writes what bodies and messages hold as text for people: content
// codings are undone, JSON, forms, multipart bodies, protocol buffers, MessagePack and
// the frames of gRPC and gRPC-Web are taken apart.
//
//	as, text := display.Decode(flow.Content{Headers: r.Headers, Data: r.Body.Data})
//	fmt.Println(as)
//
// [Decode] is a [flow.Decoder]. The text is for reading alone: it cannot be turned back.
// It may hold any character; who prints it makes it safe for terminals.
package display
