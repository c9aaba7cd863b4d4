package message

import (
	"github.com/gobwas/ws"

	"github.com/starling-load/starling/record/flow"
)

// AppendFrame appends a message of a WebSocket as a client sends it: one frame,
// not compressed, masked with mask. The kind is one of text, binary, ping, pong and
// close; any other is sent as binary.
func AppendFrame(b []byte, kind flow.MessageKind, data []byte, mask [4]byte) []byte {
	w := appender{b}
	h := ws.Header{Fin: true, OpCode: opOf(kind), Masked: true, Mask: mask, Length: int64(len(data))}
	_ = ws.WriteHeader(&w, h) // which fails on a negative length alone
	at := len(w.b)
	w.b = append(w.b, data...)
	ws.Cipher(w.b[at:], mask, 0)
	return w.b
}

func opOf(kind flow.MessageKind) ws.OpCode {
	switch kind {
	case flow.MessageText:
		return ws.OpText
	case flow.MessagePing:
		return ws.OpPing
	case flow.MessagePong:
		return ws.OpPong
	case flow.MessageClose:
		return ws.OpClose
	}
	return ws.OpBinary
}

// appender is a writer that appends.
type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}
