package cmd

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain lets the test binary be starling for the stories. A copy of it by
// this name stands in their PATH, so that the processes which starling starts
// of itself are starling too.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"starling": Main})
}

// TestStories runs testdata/script. Beside the commands of package testscript,
// stories have:
//
//	exits CODE PROGRAM ARGS...   run a program, which must end with this code
//	says LINE...                 stderr is exactly these lines
//	start NAME PROGRAM ARGS...   run a program in the background
//	await NAME REGEXP [VAR]      wait until it prints a match; VAR gets group 1
//	signal NAME int|term|kill    send it a signal
//	alive NAME                   it has not ended yet
//	ended NAME CODE              wait for its end; its output is stdout and stderr
//	alone [soon]                 no process of this story is left, or will be
//	tokenless                    its processes show no token in their arguments
//	target NAME [LATENCY]        serve on loopback; the URL is in $NAME
//	securetarget NAME            serve shop.test over TLS; NAME.ca.pem, NAME.cert.pem
//	                             and NAME.key.pem are its authority and those of a client
//	close NAME                   end a target, its connections too
//	deny NAME                    let it answer 403, repeating what it was sent
//	served NAME COUNT            wait until a target got so many requests
//	more NAME COUNT              wait until it has got so many requests more
//	calm NAME SECONDS            wait until it has got none for so long
//	journal NAME FILE [-sorted]  write the requests that a target got
//	fetch STATUS URL [PROXY]     GET it; the answer is stdout
//	post STATUS URL              POST nothing to it; the answer is stdout
//	poll URL NAME VALUE          GET it until this counter of its JSON has this value
//	keypair FILE VAR             write a new age identity; VAR gets its public key
//	browse KEYLOG URL...         open pages in Chromium; the secrets of its TLS go to KEYLOG
//	sameflows FILE FILE          two recordings are of the same exchanges
//	visit URL COUNT              GET it so many times; each must be answered by 200
//	login URL USER PASSWORD      POST these as a form to /login
//	walk URL USERS PAGES         users, each with a connection, GET pages in turn
//	samewalks FILE FILE          each connection of two journals asked the same
//	recording FILE ORIGIN COUNT [LAST]  write a recording of so many flows in two blocks, the last one to another origin
//	runfile FILE SECONDS RESPONSE  write the run file of a quiet service
//	recorded FILE COUNT          wait until so many flows can be read
//	flip FILE OFFSET             change a byte; from the end when negative
//	cut FILE LENGTH              shorten a file; by so much when negative
//	content FILE                 print what a .zst file holds
//	figure PATH OP WANT          compare a member of the JSON on stdout: == != < >
//	identity                     started = ok + failed + … in the report on stdout
//	nats NAME                    serve NATS with JetStream; the URL is in $NAME
//	outage NAME                  end it; what it stores stays
//	back NAME                    serve it again
//	joined NAME COUNT            wait until it has so many clients
//	smalldisk DIR SIZE           mount a disk of this size, where [mount] holds
func TestStories(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup:               setUpStory,
		Condition:           condition,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":        exits,
			"says":         says,
			"start":        startProcess,
			"await":        awaitLine,
			"signal":       signalProcess,
			"alive":        checkAlive,
			"ended":        endProcess,
			"alone":        alone,
			"tokenless":    tokenless,
			"target":       startTarget,
			"close":        closeTarget,
			"securetarget": startSecureTarget,
			"served":       awaitRequests,
			"more":         awaitMore,
			"calm":         awaitCalm,
			"journal":      writeJournal,
			"fetch":        fetch,
			"post":         post,
			"poll":         poll,
			"keypair":      writeKeyPair,
			"browse":       browse,
			"sameflows":    sameFlows,
			"visit":        visit,
			"deny":         denyAll,
			"login":        login,
			"walk":         walk,
			"samewalks":    compareWalks,
			"recording":    writeRecording,
			"recorded":     awaitFlows,
			"runfile":      writeRun,
			"flip":         flipByte,
			"cut":          cutFile,
			"content":      printContent,
			"figure":       checkFigure,
			"identity":     checkIdentity,
			"nats":         startNATS,
			"outage":       stopNATS,
			"back":         resumeNATS,
			"joined":       awaitClients,
			"smalldisk":    smallDisk,
		},
	})
}

// condition implements [mount], this process may mount a disk; [capture], it may
// read packets; [chromium], there is one. Where end-to-end tests are required, the
// last two always hold.
func condition(name string) (bool, error) {
	required := os.Getenv("REQUIRE_E2E") != ""
	switch name {
	case "mount":
		return canMount(), nil
	case "capture":
		return required || canCapture(), nil
	case "chromium":
		_, err := os.Stat(chromium)
		return required || err == nil, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}

// A story is what the commands of one script share.
type story struct {
	mark      string   // value of storyVariable
	env       []string // at the beginning
	targets   map[string]*target
	processes map[string]*process
	nats      map[string]*natsServer
}

type storyKey struct{}

// setUpStory gives a script a home of its own.
func setUpStory(env *testscript.Env) error {
	home := filepath.Join(env.WorkDir, ".home")
	if err := os.Mkdir(home, 0o700); err != nil {
		return err
	}
	env.Setenv("HOME", home)
	env.Setenv("XDG_CONFIG_HOME", filepath.Join(home, "config"))
	env.Setenv(storyVariable, env.WorkDir)
	env.Setenv("GORACE", "atexit_sleep_ms=0")
	s := &story{
		mark: env.WorkDir, targets: make(map[string]*target), processes: make(map[string]*process), nats: make(map[string]*natsServer),
	}
	s.env = append(s.env, env.Vars...)
	env.Values[storyKey{}] = s
	env.Defer(s.end)
	return nil
}

// end ends what the script left running.
func (s *story) end() {
	for _, p := range s.processes {
		p.cmd.Process.Kill()
		<-p.done
	}
	for _, r := range relatives(s.mark) {
		if p, err := os.FindProcess(r.id); err == nil {
			p.Kill()
		}
	}
	for _, t := range s.targets {
		t.close()
	}
}

func storyOf(ts *testscript.TestScript) *story { return ts.Value(storyKey{}).(*story) }

// wantArgs ends the script when a command has too few or too many arguments, or
// stands behind a "!".
func wantArgs(ts *testscript.TestScript, neg bool, args []string, least, most int, usage string) {
	if neg || len(args) < least || len(args) > most {
		ts.Fatalf("usage: %s", usage)
	}
}

func number(ts *testscript.TestScript, text string) int {
	n, err := strconv.Atoi(text)
	ts.Check(err)
	return n
}

func exits(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 2, 1000, "exits CODE PROGRAM ARGS...")
	want := number(ts, args[0])
	got := 0
	var exit *exec.ExitError
	switch err := ts.Exec(args[1], args[2:]...); {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("%s ends with exit code %d, want %d", strings.Join(args[1:], " "), got, want)
	}
}

func says(ts *testscript.TestScript, neg bool, args []string) {
	wantArgs(ts, neg, args, 0, 1000, "says LINE...")
	var want strings.Builder
	for _, line := range args {
		fmt.Fprintln(&want, os.Expand(line, ts.Getenv))
	}
	if got := ts.ReadFile("stderr"); got != want.String() {
		ts.Fatalf("stderr is not as told\n got: %s\nwant: %s", got, want.String())
	}
}
