package capture

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/starling-load/starling/record/capture/decrypt"
	"github.com/starling-load/starling/record/flow"
)

// A basket is a sink that keeps what it gets.
type basket struct {
	mu     sync.Mutex
	conns  []*flow.Conn
	flows  []*flow.Flow
	losses []*flow.Loss
}

func (b *basket) Conn(c *flow.Conn) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.conns = append(b.conns, c)
}

func (b *basket) Flow(f *flow.Flow) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flows = append(b.flows, f)
}

func (b *basket) Loss(l *flow.Loss) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.losses = append(b.losses, l)
}

// lost sums up the losses with one reason.
func (b *basket) lost(reason string) (sum flow.Loss) {
	for _, l := range b.losses {
		if l.Reason == reason {
			sum.Flows += l.Flows
			sum.Bytes += l.Bytes
			sum.Gaps += l.Gaps
			sum.Packets += l.Packets
		}
	}
	return sum
}

// messages are the numbers in a row of the table of captures.
type messages struct{ h1Requests, h1Responses, h2Requests, h2Responses, frames, calls int }

func (m messages) String() string {
	return fmt.Sprintf("h1 %d/%d, h2 %d/%d, ws %d, grpc %d", m.h1Requests, m.h1Responses, m.h2Requests, m.h2Responses, m.frames, m.calls)
}

// tally counts the messages in flows.
func tally(flows []*flow.Flow) (n messages) {
	for _, f := range flows {
		requests, responses := &n.h1Requests, &n.h1Responses
		if f.Protocol == "HTTP/2.0" {
			requests, responses = &n.h2Requests, &n.h2Responses
		}
		if f.Request.Method != "" {
			*requests++
		}
		for _, r := range f.Interim {
			*responses++
			if r.Status == 101 && f.Response != nil {
				responses = &n.h2Responses // the other protocol answers
			}
		}
		if f.Response != nil {
			*responses++
		}
		for _, m := range f.Messages {
			switch m.Kind {
			case flow.MessageGRPC:
				n.calls++
			case flow.MessageText, flow.MessageBinary, flow.MessagePing, flow.MessagePong, flow.MessageClose:
				n.frames++
			}
		}
	}
	return n
}

// answered counts the flows with a final response.
func answered(flows []*flow.Flow) (n int) {
	for _, f := range flows {
		if f.Response != nil {
			n++
		}
	}
	return n
}

// data returns a path in the folder of captures beside the repository.
func data(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
	}
	path := filepath.Join(dir, "..", "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the captures to compare with are not here: %v", err)
	}
	return path
}

// replay reads capture files into a basket.
func replay(t testing.TB, o Options, paths ...string) (*basket, Counts) {
	t.Helper()
	b := new(basket)
	o.Sink = b
	c := New(o)
	for _, path := range paths {
		file, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Read(context.Background(), bytes.NewReader(file)); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
	}
	return b, c.Counts()
}

// tableRow is a row of the table of captures: the file, and six counts behind three
// columns. Of a number and one in brackets, the one in brackets is larger and is used.
var tableRow = regexp.MustCompile(`(?m)^\| ([\w/.-]+\.pcap(?:ng)?(?:\.gz|\.xz)?) \|[^|]*\|[^|]*\| \d+ \| \d+ ((?:\| \d+(?: \(\d+\))? ){6})\|`)

func row(t testing.TB, cells string) messages {
	var n [6]int
	for i, cell := range strings.Split(strings.Trim(cells, "| "), "|") {
		for _, word := range strings.Fields(cell) {
			v, err := strconv.Atoi(strings.Trim(word, "()"))
			if err != nil {
				t.Fatal(err)
			}
			n[i] = max(n[i], v)
		}
	}
	return messages{n[0], n[1], n[2], n[3], n[4], n[5]}
}

func TestCapturesOfOthersHoldWhatTsharkCounts(t *testing.T) {
	readme, err := os.ReadFile(data(t, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := tableRow.FindAllStringSubmatch(string(readme), -1)
	if len(rows) < 60 {
		t.Fatalf("the table has %d rows; it had 64", len(rows))
	}
	for _, r := range rows {
		t.Run(r[1], func(t *testing.T) {
			want := row(t, r[2])
			if right, known := corrected[r[1]]; known {
				if right.tshark != want {
					t.Fatalf("tshark counts %v; the correction is for %v", want, right.tshark)
				}
				want = right.messages
			}
			path := data(t, r[1])
			keys := new(decrypt.Keys)
			if log, err := os.ReadFile(strings.TrimSuffix(path, ".pcap") + ".keys"); err == nil {
				keys.AddLog(log)
			}
			b, counts := replay(t, Options{Keys: keys}, path)
			got := tally(b.flows)
			got.h1Responses += int(counts.Responses) - answered(b.flows) // those of no request
			if got != want {
				t.Errorf("found %v; want %v\ncounts %+v", got, want, counts)
			}
		})
	}
}

// corrected are the captures that tshark is known to count differently.
var corrected = map[string]struct {
	tshark, messages messages
	why              string
}{
	"suricata/http-connect-simple.pcap": {
		messages{h1Requests: 1, h1Responses: 1}, messages{h1Requests: 2, h1Responses: 2},
		"the tunnel carries a GET and its answer, which tshark does not look at",
	},
	"suricata/http-gap-simple.pcap": {
		messages{h1Requests: 3, h1Responses: 2}, messages{h1Requests: 3, h1Responses: 3},
		"the hole is in the second body; the three response heads are all there",
	},
	"suricata/http-pipeline-files-with-gap.pcap": {
		messages{h1Requests: 3, h1Responses: 1}, messages{h1Requests: 3, h1Responses: 3},
		"the heads in packets 6, 109 and 115 are all there; tshark waits for the holes before them",
	},
	"zeek/fragmented-http-reply.pcap": {
		messages{h1Requests: 1, h1Responses: 1, frames: 10}, messages{h1Requests: 1, h1Responses: 1, frames: 6},
		"one message of five fragments is one message",
	},
	"zeek/two-binary-fragments.pcap": {
		messages{h1Requests: 1, h1Responses: 1, frames: 7}, messages{h1Requests: 1, h1Responses: 1, frames: 6},
		"one message of two fragments is one message",
	},
	"zeek/get-to-ssh-server.pcap": {
		messages{}, messages{h1Requests: 1},
		"the GET is whole; tshark goes by the port",
	},
	"zeek/http-single-conn-22.pcap": {
		messages{}, messages{h1Requests: 1, h1Responses: 1},
		"the exchange is whole; tshark goes by the port",
	},
}
