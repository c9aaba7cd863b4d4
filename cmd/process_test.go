package cmd

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// patience bounds every wait of a story; what it waits for takes far less.
const patience = 60 * time.Second

// storyVariable names the environment variable by which the processes of a
// story are told from all others. Their children inherit it.
const storyVariable = "TEST_STORY_OF_STARLING"

// A process runs in the background of a story.
type process struct {
	cmd            *exec.Cmd
	stdout, stderr transcript
	done           chan struct{} // closed when it has ended
}

// A transcript is what a process prints, readable while it runs.
type transcript struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

func startProcess(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 1000, "start NAME [VARIABLE=VALUE]... PROGRAM ARGS...")
	s := storyOf(ts)
	name, args := args[0], args[1:]
	env := s.env
	for strings.Contains(args[0], "=") {
		env, args = append(env[:len(env):len(env)], args[0]), args[1:]
	}
	path, err := exec.LookPath(args[0])
	ts.Check(err)
	p := &process{cmd: exec.Command(path, args[1:]...), done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = ts.MkAbs("."), env, &p.stdout, &p.stderr
	p.cmd.WaitDelay = time.Second
	ts.Check(p.cmd.Start())
	go func() {
		p.cmd.Wait()
		close(p.done)
	}()
	if s.processes[name] != nil {
		ts.Fatalf("there is a process %s already", name)
	}
	s.processes[name] = p
}

func processOf(ts *testscript.TestScript, name string) *process {
	p := storyOf(ts).processes[name]
	if p == nil {
		ts.Fatalf("no process %s", name)
	}
	return p
}

// until waits until true() is true, or fails the script.
func until(ts *testscript.TestScript, what string, true func() bool) {
	for end := time.Now().Add(patience); !true(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			ts.Fatalf("%s: not within %s", what, patience)
		}
	}
}

func awaitLine(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 3, "await NAME REGEXP [VAR]")
	p := processOf(ts, args[0])
	pattern, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	var match []string
	until(ts, "await "+args[1], func() bool {
		ended := isClosed(p.done)
		for _, out := range []*transcript{&p.stderr, &p.stdout} {
			if match = pattern.FindStringSubmatch(out.String()); match != nil {
				return true
			}
		}
		if ended {
			ts.Fatalf("%s ended without a match of %q; it said:\n%s%s", args[0], args[1], p.stdout.String(), p.stderr.String())
		}
		return false
	})
	if len(args) == 3 {
		ts.Setenv(args[2], match[1])
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func signalProcess(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "signal NAME int|term|kill")
	signals := map[string]os.Signal{"int": os.Interrupt, "term": syscall.SIGTERM, "kill": os.Kill}
	ts.Check(processOf(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

func checkAlive(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 1, 1, "alive NAME")
	if p := processOf(ts, args[0]); isClosed(p.done) {
		ts.Fatalf("%s has ended; it said:\n%s%s", args[0], p.stdout.String(), p.stderr.String())
	}
}

func endProcess(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 2, "ended NAME CODE")
	p := processOf(ts, args[0])
	select {
	case <-p.done:
	case <-time.After(patience):
		ts.Fatalf("%s has not ended after %s; it said:\n%s%s", args[0], patience, p.stdout.String(), p.stderr.String())
	}
	ts.Stdout().Write([]byte(p.stdout.String()))
	ts.Stderr().Write([]byte(p.stderr.String()))
	if got := p.cmd.ProcessState.ExitCode(); got != number(ts, args[1]) {
		ts.Fatalf("%s ended with exit code %d, want %s", args[0], got, args[1])
	}
}

// A relative is a process of the story, as Linux shows it.
type relative struct {
	id   int
	args []string
	env  []string
}

// relatives returns the living processes of the story that has this mark; none
// where there is no /proc.
func relatives(mark string) []relative {
	files, _ := filepath.Glob("/proc/[0-9]*/environ") // errs on a bad pattern alone
	var out []relative
	for _, file := range files {
		env := zeroTerminated(file)
		if !slices.Contains(env, storyVariable+"="+mark) {
			continue
		}
		dir := filepath.Dir(file)
		if id, err := strconv.Atoi(filepath.Base(dir)); err == nil {
			out = append(out, relative{id, zeroTerminated(filepath.Join(dir, "cmdline")), env})
		}
	}
	return out
}

// zeroTerminated reads the strings of a file of /proc; none if the process has
// ended.
func zeroTerminated(file string) []string {
	data, _ := os.ReadFile(file)
	return strings.Split(strings.TrimSuffix(string(data), "\x00"), "\x00")
}

func alone(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 0, 1, "alone [soon]")
	if len(args) == 1 {
		until(ts, "the end of all processes", func() bool { return len(relatives(ts.Getenv(storyVariable))) == 0 })
	}
	for _, r := range relatives(ts.Getenv(storyVariable)) {
		ts.Fatalf("left running: %s", strings.Join(r.args, " "))
	}
}

func tokenless(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 0, 0, "tokenless")
	if runtime.GOOS != "linux" {
		return
	}
	all := relatives(ts.Getenv(storyVariable))
	var secrets []string
	for _, r := range all {
		for _, v := range r.env {
			if name, value, _ := strings.Cut(v, "="); strings.HasSuffix(name, "_TOKEN") || name == "STARLING_REPLAYER_JOIN" {
				secrets = append(secrets, value)
			}
		}
	}
	if len(secrets) == 0 {
		ts.Fatalf("none of %d processes has a token", len(all))
	}
	for _, r := range all {
		for _, secret := range secrets {
			if line := strings.Join(r.args, " "); strings.Contains(line, secret) {
				ts.Fatalf("token in the arguments of %s", line)
			}
		}
	}
}
