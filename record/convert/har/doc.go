// Package har reads and writes HAR 1.2 (www.softwareishard.com/blog/har-12-spec),
// with what browsers and tools add to it.
//
// A flow that is exported and imported again stays the same, except for interim
// responses, the hash of a cut body, bytes of header lines that are not UTF-8, and the
// content codings gzip and deflate. HAR holds decoded bodies, so the importer drops
// Content-Encoding and sets Content-Length to the size of the body.
// Members that begin with _ hold what HAR has no word for: trailers, cut bodies, events
// and gRPC messages, connections.
//
// The HAR of another tool is that of one browser, and becomes one connection, because a
// connection stands for a client. The sockets that carried its entries are not kept. An
// answer 304 keeps the body that the browser showed instead.
package har
