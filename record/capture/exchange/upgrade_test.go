package exchange

import "testing"

func TestUpgrades(t *testing.T) {
	ask := "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n\r\n"
	agree := "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: WebSocket\r\n\r\n"
	masked := "\x81\x82\x00\x00\x00\x00hi"
	connect := "CONNECT shop.test:80 HTTP/1.1\r\nHost: shop.test:80\r\n\r\n"
	tell(t, []story{
		{name: "a WebSocket, closed in order", steps: []step{client(ask), server(agree + "\x81\x03abc"), client(masked), server("\x88\x00"), client("\x88\x80\x00\x00\x00\x00"), serverFIN, clientFIN},
			want: "GET /ws > 101 server:\"abc\" client:\"hi\" server:\"\" client:\"\"\n"},
		{name: "a WebSocket that breaks off", steps: []step{client(ask), server(agree), client(masked), clientFIN, serverFIN},
			want: "GET /ws > 101 client:\"hi\" ! client closed\n"},
		{name: "a WebSocket when the capture ends", steps: []step{client(ask), server(agree), client(masked)},
			want: "GET /ws > 101 client:\"hi\" ! stopped\n"},
		{name: "a WebSocket with a hole", steps: []step{client(ask), server(agree + "\x81\x03abc"), serverGap(5), server("\x81\x03def"), client(masked)},
			want: "GET /ws > 101 server:\"abc\" client:\"hi\" ! gap in response\nlost: gap flows=0 bytes=5 gaps=1\nlost: unparsed flows=0 bytes=5 gaps=0\n"},
		{name: "a compressed WebSocket", steps: []step{client(ask), server("HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), server("\x88\x00")},
			want: "GET /ws > 101 server:\"Hello\" server:\"\"\n"},
		{name: "an upgrade that is refused", steps: []step{client(ask), server(answering("no")), client(getting("b")), server(answering("2"))},
			want: "GET /ws > 200 [no]\nGET /b > 200 [2]\n"},
		{name: "an upgrade to something unknown", steps: []step{client(ask), server("HTTP/1.1 101 X\r\nUpgrade: irc\r\n\r\nhello"), client("bye"), clientFIN, serverFIN},
			want: "GET /ws > 101\nlost: unparsed flows=0 bytes=8 gaps=0\n"},
		{name: "a tunnel with HTTP inside", steps: []step{client(connect), server("HTTP/1.0 200 Connection established\r\n\r\n"), client("GET /in HTTP/1.1\r\n\r\n"), server(answering("1"))},
			want: "CONNECT shop.test:80 > 200\nGET /in > 200 [1]\n"},
		{name: "a tunnel whose client does not wait", steps: []step{client(connect + "GET /in HTTP/1.1\r\n\r\n"), server("HTTP/1.0 200 Connection established\r\n\r\n" + answering("1"))},
			want: "CONNECT shop.test:80 > 200\nGET /in > 200 [1]\n"},
		{name: "a tunnel that is refused", steps: []step{client(connect), server("HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno"), client(getting("b")), server(answering("2"))},
			want: "CONNECT shop.test:80 > 407 [no]\nGET /b > 200 [2]\n"},
		{name: "a tunnel with something else inside", steps: []step{client(connect), server("HTTP/1.0 200 OK\r\n\r\n"), server("SSH-2.0-x\r\n"), client("SSH-2.0-y\r\n")},
			want: "CONNECT shop.test:80 > 200\nlost: unparsed flows=0 bytes=22 gaps=0\n"},
	})
	g := play([]step{client(connect), server("HTTP/1.0 200 OK\r\n\r\n"), client("GET /in HTTP/1.1\r\n\r\n"), server(answering("1"))}, false, Options{}, whole)
	if f := g.flows[1]; f.Request.Authority != "shop.test:80" || f.Conn != 7 || len(g.conns) != 1 {
		t.Errorf("inside of a tunnel: %+v", f)
	}
}
