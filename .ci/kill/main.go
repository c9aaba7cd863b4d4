// Command kill ends a recorder with SIGKILL, again and again, at a moment that it does not
// know, and prints how long before that moment the last flow came that is in the file. The
// clock is that of the clients: a flow has come when its answer has been read. Recorder,
// target and clients share one core. It fails where that is more than a second.
//
// Usage: kill STARLING [ROUNDS [LOAD]]
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/starling-load/starling/record/flowfile"
)

// A load is what clients ask for: bodies of that many bytes, each different.
type load struct {
	name    string
	clients int
	bytes   int
	pause   time.Duration
}

var loads = []load{
	{"small", 16, 1 << 10, 0},
	{"pages", 16, 20 << 10, 0},
	{"bodies", 16, 100 << 10, 0},
	{"paced", 16, 4 << 10, 20 * time.Millisecond},
}

// perSession is how many requests a user makes. After that another one comes.
const perSession = 20

func main() {
	runtime.LockOSThread()
	if len(os.Args) < 2 {
		log.Fatal("usage: kill STARLING [ROUNDS [LOAD]]")
	}
	rounds := 100
	if len(os.Args) > 2 {
		rounds, _ = strconv.Atoi(os.Args[2])
	}
	var one unix.CPUSet
	one.Set(0)
	for _, thread := range threads() {
		if err := unix.SchedSetaffinity(thread, &one); err != nil {
			log.Fatal(err)
		}
	}
	text, failed := words(), false
	for _, l := range loads {
		if len(os.Args) > 3 && os.Args[3] != l.name {
			continue
		}
		var lost []time.Duration
		sent, kept := 0, 0
		for range rounds {
			r, err := l.round(os.Args[1], text)
			if err != nil {
				log.Fatal(err)
			}
			lost, sent, kept = append(lost, r.lost), sent+r.sent, kept+r.kept
		}
		slices.Sort(lost)
		fmt.Printf("%-7s %d rounds: the last kept flow came before the kill p50 %4dms  p90 %4dms  max %4dms;  %d answers, %.1f %% of them in the files\n", l.name, rounds,
			lost[len(lost)/2].Milliseconds(), lost[len(lost)*9/10].Milliseconds(), lost[len(lost)-1].Milliseconds(), sent, 100*float64(kept)/float64(sent))
		failed = failed || lost[len(lost)-1] > time.Second
	}
	if failed {
		os.Exit(1)
	}
}

// threads are those of this process so far. Later ones, and later processes, inherit the
// core.
func threads() (ids []int) {
	files, _ := filepath.Glob("/proc/self/task/[0-9]*") // errs on a bad pattern alone
	for _, f := range files {
		id, _ := strconv.Atoi(filepath.Base(f))
		ids = append(ids, id)
	}
	return ids
}

func words() []byte {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < 4<<20 {
		b.WriteString(strconv.FormatUint(r.Uint64(), 36))
		b.WriteByte(" ,\n"[r.IntN(3)])
	}
	return []byte(b.String())
}

type result struct {
	lost       time.Duration
	sent, kept int
}

func (l *load) round(starling string, text []byte) (r result, err error) {
	target := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		at := rand.IntN(len(text) - l.bytes)
		w.Header().Set("Content-Type", "text/plain")
		w.Header().Set("Content-Length", strconv.Itoa(l.bytes))
		w.Write(text[at : at+l.bytes])
	}))
	defer target.Close()
	dir, err := os.MkdirTemp("", "kill")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "kill.flow.zst")
	cmd := exec.Command(starling, "record", "proxy", "--listen", "127.0.0.1:0", "--upstream", target.URL, "-o", path)
	said, err := cmd.StderrPipe()
	if err != nil {
		return r, err
	}
	if err := cmd.Start(); err != nil {
		return r, err
	}
	line, _ := bufio.NewReader(said).ReadString('\n')
	go io.Copy(io.Discard, said)
	address := regexp.MustCompile(`127\.0\.0\.1:\d+`).FindString(line)

	came := make([]map[string]time.Time, l.clients)
	var clients sync.WaitGroup
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	began := time.Now()
	for i := range came {
		came[i] = map[string]time.Time{}
		clients.Go(func() { l.visit(ctx, address, i, came[i]) })
	}
	time.Sleep(time.Second + rand.N(3*time.Second))
	killed := time.Now()
	err = cmd.Process.Kill()
	stop()
	clients.Wait()
	cmd.Wait()
	if err != nil {
		return r, err
	}

	r.lost = killed.Sub(began) // if the file holds nothing
	for f, err := range flowfile.Flows(path) {
		if err != nil {
			if errors.Is(err, flowfile.ErrTruncated) {
				break
			}
			return r, err
		}
		client, _ := strconv.Atoi(strings.Split(f.Request.Target, "/")[1])
		at, ok := came[client][f.Request.Target]
		if ok && !at.After(killed) {
			r.kept++
			r.lost = min(r.lost, killed.Sub(at))
		}
	}
	for _, c := range came {
		r.sent += len(c)
	}
	return r, nil
}

// visit asks until ctx ends, and notes when each answer had come.
func (l *load) visit(ctx context.Context, address string, client int, came map[string]time.Time) {
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	for i := 0; ctx.Err() == nil; i++ {
		target := fmt.Sprintf("/%d/%d", client, i)
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+target, nil)
		r.Header.Set("Cookie", fmt.Sprintf("session=c4f3a9%dx%d", client, i/perSession))
		answer, err := transport.RoundTrip(r)
		if err != nil {
			return
		}
		_, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil {
			return
		}
		came[target] = time.Now()
		time.Sleep(l.pause)
	}
}
