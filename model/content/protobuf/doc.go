// Package protobuf reads messages of protocol buffers without their description, and
// writes them as text that people can read and edit:
//
//	fmt.Println(protobuf.Text([]byte("\x0a\x03key\x10\x07"))) // 1:"key" 2:7 true
//
// Fields have numbers for names. Bytes are a string if they are text, otherwise a
// message if they have the form of one, otherwise hexadecimal digits. Bytes is the
// inverse of Text.
//
// The format is that of https://protobuf.dev/programming-guides/encoding. Groups are
// not read.
package protobuf
