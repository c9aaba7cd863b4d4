// Package convert reads the recordings of other tools as flows, and writes flows
// in their formats.
//
//	for rec, err := range convert.Import(ctx, "har", file, convert.ImportOptions{}) {
//		var entry *convert.EntryError
//		if errors.As(err, &entry) {
//			continue // one entry was left out; the error says which and why
//		}
//		...
//		err = w.Write(rec)
//	}
//
// Every importer and exporter streams: it holds one entry, of at most 64 MiB,
// and small tables with a limit, however long the input is. Input that is
// gzipped is opened by its content. An entry that cannot be read is an
// [*EntryError], and reading goes on behind it.
//
// # What each format loses
//
// A flow that went out and came in again is the same but for:
//
//   - HAR 1.2: interim responses, the hash of a cut body, bytes of header lines
//     that are not UTF-8, and the content coding where it is gzip or deflate: HAR
//     holds decoded bodies, so that an importer drops Content-Encoding and
//     corrects Content-Length to what the body is. Members that begin with _ hold
//     what HAR has no word for: trailers, cut bodies, events and gRPC messages,
//     connections.
//   - GoReplay (.gor): scheme, HTTP version 2 and 3, interim responses, stream
//     messages, hashes and failure names. Messages are told as HTTP/1.1; a
//     request without Content-Length gets one.
//   - curl commands: responses, times, connections, stream messages, trailers.
//   - The text form of "starling flow cat": nothing.
//
// HAR of other tools is one browser's, and one browser is one connection here,
// because a connection stands for a client: which of its sockets carried an
// entry is not kept. So are all curl commands of one input, and all requests of
// one collection. An answer 304 keeps the body that the browser showed instead.
//
// Flows out of access logs have no bodies and only the header lines that the log
// names. Sessions of a log (an address and agent without a pause of
// [ImportOptions.SessionGap]) become connections.
//
// Sources: HAR 1.2 (www.softwareishard.com/blog/har-12-spec) and what browsers
// add to it; the files of GoReplay 1.3 and 2.0; mitmproxy's flow files, formats
// 0.10 to 21; Apache's mod_log_config and nginx's log_format; the manual of
// curl; Postman's collection schema 2.1.
//
// The package does not redact, filter or write flow files.
package convert
