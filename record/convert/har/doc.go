// Package har reads and writes HAR 1.2 (www.softwareishard.com/blog/har-12-spec),
// with what browsers and tools add to it.
//
// A flow that went out and came in again is the same but for interim responses, the
// hash of a cut body, bytes of header lines that are not UTF-8, and the content
// coding where it is gzip or deflate: HAR holds decoded bodies, so the importer drops
// Content-Encoding and corrects Content-Length to what the body is. Members that
// begin with _ hold what HAR has no word for: trailers, cut bodies, events and gRPC
// messages, connections.
//
// The HAR of another tool is one browser's, and one browser is one connection here,
// because a connection stands for a client. Which of its sockets carried an entry is
// not kept. An answer 304 keeps the body that the browser showed instead.
package har
