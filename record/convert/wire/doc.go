// Package wire parses HTTP/1 messages that stand in a file, and writes flows as such
// messages. The grammar is that of record/http1.
package wire
