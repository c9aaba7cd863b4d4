// Package message finds the messages in a byte stream that somebody else sends:
// the frames of a WebSocket, server-sent events, gRPC messages.
//
// A parser reads one direction. It takes the bytes in pieces that are cut anywhere,
// and calls an [Emit] for each message when its last byte has come:
//
//	s := message.NewSocket(false, 1<<20, func(at time.Duration, kind flow.MessageKind, data []byte, size int64) {
//		fmt.Println(at, kind, string(data), size)
//	})
//	s.Feed([]byte("\x81\x05hel"), 10*time.Millisecond)
//	s.Feed([]byte("lo\x81\x02hi"), 20*time.Millisecond)
//
// AppendFrame is the other half: it makes the frames of a client.
//
// The parsers only listen: they hold no connection, start nothing, and never fail. When
// bytes cannot be a message, the parser stops and is Lost; the caller still passes the
// bytes on. The limit bounds the memory, whatever the declared or decompressed length
// is. A parser is for one goroutine at a time.
//
// Sources: RFC 6455 and RFC 7692 (WebSocket and permessage-deflate), WHATWG HTML
// 9.2 (event streams), the gRPC protocol over HTTP/2 (length-prefixed messages).
package message
