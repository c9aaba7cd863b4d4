// Package wire takes HTTP/1 messages that stand in a file apart, and writes flows as
// such messages.
package wire
