package tcp

import "testing"

const shake = `
	> S 0
	< SA 0 1
	> A 1 1
`

const bye = `
	> FA 5 5
	< FA 5 6
	> A 6 6
`

const whole = "open(40000) c:GET1 s:abcd c. s. |"

func TestStories(t *testing.T) {
	for _, c := range []struct {
		name  string
		story string
		want  string
	}{
		{"a connection in order", shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye, whole},
		{"the last ACK of a connection that is over opens no ghost", shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye + `wait 2m
			> A 6 6
			close`, whole},
		{"a pure ACK of an unknown connection opens nothing", `> A 1 1
			< A 1 1
			close`, ""},
		{"a SYN that is refused opens nothing", `> S 0
			< RA -500000 1
			close`, ""},
		{"SYN-ACK before SYN", `< SA 0 1
			> S 0
			> A 1 1
			> A 1 1 GET1
			< A 1 5 abcd` + bye, whole},
		{"SYN-ACK without SYN", `< SA 0 1
			> A 1 1
			> A 1 1 GET1
			< A 1 5 abcd` + bye, whole},
		{"SYN without SYN-ACK", `> S 0
			> A 1 1
			> A 1 1 GET1
			< A 1 5 abcd` + bye, whole},
		{"data in the SYN", `> S 0 - GET1
			< SA 0 5
			< A 1 5 abcd` + bye, whole},
		{"data in the SYN, of which only the SYN is accepted", `> S 0 - GET1
			< SA 0 1
			> A 1 1 GET1
			< A 1 5 abcd` + bye, whole},
		{"data in a SYN that is seen after the SYN-ACK", `< SA 0 5
			> S 0 - GET1
			< A 1 5 abcd` + bye, whole},
		{"a server speaks first", shake + `< A 1 1 abcd
			> A 1 5 GET1` + bye, "open(40000) s:abcd c:GET1 c. s. |"},

		{"without a handshake the one that requests is the client", `ports 80 40000
			> A 1 1 GET1
			< A 1 5 abcd
			close`, "open(80 mid) c:GET1 s:abcd |"},
		{"without a handshake an answer waits for the request that tells", `ports 80 40000
			< A 1 5 abcd
			> A 5 5 GET1
			close`, "open(80 mid) s:abcd c:GET1 |"},
		{"without a handshake and a request the lower port serves", `< A 1 1 abcd
			> A 1 5 xyz
			close`, "open(40000 mid) s:abcd c:xyz |"},
		{"without a handshake the ports decide after a while", `< A 1 1 abcd
			wait 6s
			< A 5 1 efgh`, "open(40000 mid) s:abcdefgh"},
		{"without a handshake what is in flight at the start is a hole", `> A 1 1 GET1
			< A 9 5 abcd
			close`, "open(40000 mid) c:GET1 s-8 s:abcd |"},

		{"segments out of order", shake + `> A 1 1 GET1
			< A 3 5 cd
			< A 1 5 ab` + bye, whole},
		{"the same segments twice", shake + `> A 1 1 GET1
			> A 1 1 GET1
			< A 1 5 abcd
			< A 1 5 abcd` + bye, whole},
		{"a retransmission with other bytes: the first win", shake + `> A 1 1 GET1
			> A 1 1 POST
			< A 3 5 cd
			< A 3 5 XY
			< A 1 5 abZZ` + bye, whole},
		{"a retransmission of old and new bytes", shake + `> A 1 1 GE
			> A 1 1 GET1
			< A 1 5 abc
			< A 2 5 bcd` + bye, whole},
		{"an overlap whose start was told before it came", shake + `> A 1 1 GET1
			< A 3 5 c
			< A 1 5 ab
			< A 2 5 bcd` + bye, whole},
		{"an overlap on both sides of what waits", shake + `> A 1 1 GET1
			< A 3 5 c
			< A 2 5 XXd
			< A 1 5 aYYY` + bye, "open(40000) c:GET1 s:aXcd c. s. |"},
		{"keep-alive probes, empty and with one byte", shake + `> A 1 1 GET1
			> A 4 1
			> A 4 1 x
			< A 1 5 abcd
			< A 4 5 y` + bye, whole},
		{"sequence numbers that wrap, with duplicates", `base -4 -4` + shake + `> A 1 1 GET1
			> A 1 1 GET1
			> A 4 1 1
			< A 1 5 abcd
			< A 1 5 abcd
			< A 3 5 cd` + bye, whole},
		{"out of order across the wrap", `base -3 -3` + shake + `> A 1 1 GET1
			< A 4 5 d
			< A 2 5 bcX
			< A 1 5 a` + bye, whole},

		{"an answer that was captured before its request", shake + `< A 1 5 abcd
			> A 1 1 GET1` + bye, whole},
		{"a request captured before the answer to the one before", shake + `> A 1 1 GET1
			> A 5 5 GET2
			< A 1 5 abcd
			close`, "open(40000) c:GET1 s:abcd c:GET2 |"},
		{"each side was sent again after it had the other's", shake + `< A 1 5 abcd
			> A 1 5 GET1` + bye, whole},

		{"a segment that never passed: the ACK proves it, and slack passes", shake + `> A 1 1 GET1
			< A 3 5 cd
			> A 5 5
			wait 300ms
			> A 5 5`, "open(40000) c:GET1 s-2 s:cd"},
		{"a lost segment is waited for while nothing proves that it was received", shake + `> A 1 1 GET1
			< A 3 5 cd
			> A 5 1
			wait 3s
			> A 5 1`, "open(40000) c:GET1"},
		{"and is told after patience", shake + `> A 1 1 GET1
			< A 3 5 cd
			wait 11s
			> A 5 1`, "open(40000) c:GET1 s-2 s:cd"},
		{"a lost request is told before its answer", shake + `< A 1 5 abcd
			wait 300ms
			> A 5 5`, "open(40000) c-4 s:abcd"},
		{"a lost answer is told before the next request", shake + `> A 1 1 GET1
			> A 5 5 GET2
			wait 300ms
			< A 5 9 efgh`, "open(40000) c:GET1 s-4 c:GET2 s:efgh"},
		{"a lost end of the stream", shake + `> A 1 1 GET1
			< FA 5 5
			> FA 5 6
			< A 6 6
			wait 300ms
			< A 6 6
			close`, "open(40000) c:GET1 c. s-4 s. |"},
		{"holes are told at the end", shake + `> A 1 1 GET1
			< A 3 5 c
			< A 5 5 e
			close`, "open(40000) c:GET1 s-2 s:c s-1 s:e |"},
		{"time passes without a segment", shake + `> A 1 1 GET1
			< A 3 5 cd
			> A 5 5
			wait 300ms
			advance`, "open(40000) c:GET1 s-2 s:cd"},
		{"an exchange that was lost as a whole", shake + `> A 5 5
			< A 5 5
			close`, "open(40000) c-4 s-4 |"},
		{"bytes that the capture did not keep", shake + `> A 1 1 GET1
			< A 1 5 a cut 3
			< A 5 5 ef
			close`, "open(40000) c:GET1 s:a s-3 s:ef |"},
		{"bytes that the capture did not keep, out of order", shake + `> A 1 1 GET1
			< A 3 5 c cut 1
			< A 5 5 e
			< A 1 5 ab
			close`, "open(40000) c:GET1 s:abc s-1 s:e |"},
		{"a lost FIN is no hole", shake + `> A 1 1 GET1
			< A 1 5 abcd
			> A 5 6
			wait 300ms
			> FA 5 6
			wait 1m
			close`, "open(40000) c:GET1 s:abcd c. |"},

		{"an RST in the window ends both directions", shake + `> A 1 1 GET1
			< A 1 5 ab
			> R 5
			wait 300ms
			close`, "open(40000) c:GET1 s:ab c! s! |"},
		{"an RST out of the window is ignored", shake + `> A 1 1 GET1
			< R 200000000
			< A 1 5 abcd` + bye, whole},
		{"an RST beside the expected place is ignored when the side goes on", shake + `> A 1 1 GET1
			< R 3
			< A 1 5 abcd` + bye, whole},
		{"an RST behind a lost segment", shake + `> A 1 1 GET1
			< R 5
			wait 300ms
			> A 5 1
			wait 300ms
			> A 5 1
			close`, "open(40000) c:GET1 s-4 s! c! |"},
		{"data captured after the RST that followed it", shake + `> A 1 1 GET1
			> R 5
			< A 1 5 abcd
			close`, "open(40000) c:GET1 c! s:abcd s! |"},
		{"a FIN out of the window is ignored", shake + `> A 1 1 GET1
			< FA -200000000 5
			< A 1 5 abcd` + bye, whole},
		{"a FIN before the last data", shake + `> A 1 1 GET1
			< FA 5 5
			< A 3 5 cd
			< A 1 5 ab
			> FA 5 6
			< A 6 6`, "open(40000) c:GET1 s:abcd s. c. |"},
		{"a half-close: the server goes on", shake + `> FA 1 1 GET1
			< A 1 6 ab
			< FA 3 6 cd
			> A 6 6`, "open(40000) c:GET1 c. s:abcd s. |"},
		{"bytes behind a FIN are dropped", shake + `> FA 1 1 GET1
			> A 6 1 more
			< A 1 6 abcd
			close`, "open(40000) c:GET1 c. s:abcd |"},

		{"the tuple is used again after a clean end", shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye + `base 70000 90000` + shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye, whole + " " + whole},
		{"and with the same sequence numbers", shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye + shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye, whole + " " + whole},
		{"the tuple is used again after an RST of one side", shake + `> A 1 1 GET1
			< A 1 5 ab
			> R 5
			base 70000 90000` + shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye, "open(40000) c:GET1 s:ab c! s! | " + whole},
		{"the tuple is used again and the end was not captured", shake + `> A 1 1 GET1
			< A 1 5 ab
			base 70000 90000` + shake + `> A 1 1 GET1
			< A 1 5 abcd` + bye, "open(40000) c:GET1 s:ab | " + whole},
		{"and only the SYN-ACK was captured", shake + `> A 1 1 GET1
			< A 1 5 ab
			base 70000 90000
			< SA 0 1
			> A 1 1 GET1
			< A 1 5 abcd` + bye, "open(40000) c:GET1 s:ab | " + whole},
		{"and with data in the SYN", shake + `> A 1 1 GET1
			< A 1 5 ab
			base 70000 90000
			> S 0 - GET1
			< SA 0 5
			< A 1 5 abcd` + bye, "open(40000) c:GET1 s:ab | " + whole},
		{"and neither end nor handshake was captured", shake + `> A 1 1 GET1
			< A 1 5 ab
			base 300000000 700000000
			> A 1 1 GET
			> A 4 1 GET
			close`, "open(40000) c:GET1 s:ab | open(40000 mid) c:GET |"},
		{"a SYN that nobody answers changes nothing", shake + `> A 1 1 GET1
			> S 70000
			< A 1 5 abcd` + bye, whole},
		{"a SYN sent again changes nothing", shake + `> S 0
			> A 1 1 GET1
			< SA 0 1
			< A 1 5 abcd` + bye, whole},
		{"a segment of nowhere is dropped", shake + `> A 1 1 GET1
			< A 1000000000 5 ZZZZ
			< A 1 5 abcd` + bye, whole},
		{"a connection begins anew where the SYN was answered late", `> S 0
			> S 70000
			base 70000 90000
			< SA 0 1
			> A 1 1 GET1
			< A 1 5 abcd` + bye, whole},

		{"a silent connection is closed by the time of other packets", shake + `> A 1 1 GET1
			wait 11m
			ports 41000 80
			> S 0`, "open(40000) c:GET1 |"},
		{"and what comes later is the middle of another", shake + `> A 1 1 GET1
			wait 11m
			> A 5 1 GET2`, "open(40000) c:GET1 | open(40000 mid) c:GET2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newStory(t, Options{})
			s.play(c.story)
			s.expect(c.want)
			if n := s.a.Counts(); s.a.talking.n == 0 && (n.Waiting != 0 || s.a.waiting.n != 0) {
				t.Errorf("%d bytes in %d connections wait after the end", n.Waiting, s.a.waiting.n)
			}
		})
	}
}
