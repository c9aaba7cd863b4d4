package cmd

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/starling-load/starling/model/content"
	"github.com/starling-load/starling/record"
	"github.com/starling-load/starling/record/envelope"
	"github.com/starling-load/starling/record/filter"
	"github.com/starling-load/starling/record/flowfile"
	"github.com/starling-load/starling/record/program"
	"github.com/starling-load/starling/record/redact"
	"github.com/starling-load/starling/record/spool"
)

// recorderOptions are the flags of all commands that record.
type recorderOptions struct {
	output      string
	maxBody     byteSize
	maxDisk     byteSize
	rotateSize  byteSize
	rotateEvery time.Duration
	keep        int
	filter      string
	sample      string
	sampleBy    string
	redact      string
	redactKey   string
	encryptTo   []string
	paused      bool
	control     string
	processes   bool
	patient     bool // who gives flows waits for the recorder, so none of them is shed
	json        bool
}

const recorderHelp = `Passwords, tokens, cookies, e-mail addresses and card numbers are replaced by
pseudonyms before they reach the disk. A secret has the same pseudonym wherever
it stands, so that users, and the values issued to them, can still be told
apart. --redact FILE adds rules. --redact none keeps secrets as they were sent:
guard such a file. --redact-key FILE makes the pseudonyms with that key; "model
learn --redact-key FILE" then finds your own test accounts behind them.
--encrypt-to makes the recording readable for that key alone.`

const defaultMaxBody = 8 << 20

// addFlags declares the flags.
func (o *recorderOptions) addFlags(f *pflag.FlagSet) {
	o.maxBody = defaultMaxBody
	f.StringVarP(&o.output, "output", "o", "", "flow `FILE` to write, NAME.flow.zst (required)")
	f.Var(&o.maxBody, "max-body", "`BYTES` to keep of each body; size and hash are always kept (above 48MiB for uploads through a proxy alone)")
	f.Var(&o.maxDisk, "max-disk", "`BYTES` on disk, of all parts together, after which recording stops (default: no limit)")
	f.Var(&o.rotateSize, "rotate-size", "`BYTES` after which a new part begins: NAME.0001.flow.zst, …")
	f.Var(newSpan(&o.rotateEvery, 0), "rotate-every", "`TIME` after which a new part begins")
	f.Var(newPositive(&o.keep, 0), "keep", "`NUMBER` of parts to keep, the newest (default: all)")
	f.StringVar(&o.filter, "filter", "", "record only flows that match this `EXPRESSION`; see starling flow filter --help")
	f.StringVar(&o.sample, "sample", "", "`SHARE` of the users to record, as 5% or 0.05; a user is in or out as a whole")
	f.StringVar(&o.sampleBy, "sample-by", "", "`KEY` that tells users apart: cookie:NAME, header:NAME, address or connection (default address)")
	f.StringVar(&o.redact, "redact", "", "`FILE` of further redaction rules, or none to keep secrets as they were sent")
	f.StringVar(&o.redactKey, "redact-key", "", "`FILE` with the key of the pseudonyms; made if it is missing (default: a key that nobody keeps)")
	f.StringArrayVar(&o.encryptTo, "encrypt-to", nil, "encrypt for this age public `KEY`, or file of keys; may be repeated")
	f.BoolVar(&o.paused, "paused", false, "begin without recording; --control switches it on")
	f.BoolVar(&o.processes, "processes", true, "number the programs of this machine that open connections, to tell users without cookies apart; no name is kept")
	f.BoolVar(&o.json, "json", false, "print at the end what was recorded as JSON, with the keys of the status of --control and more")
	f.StringVar(&o.control, "control", "", "`ADDRESS` of this machine at which a program can see, pause and resume the recording")
}

// check returns an error for flags that do not go together. It opens nothing.
func (o *recorderOptions) check() error {
	if err := checkOutput(o.output); err != nil {
		return err
	}
	if o.paused && o.control == "" {
		return usagef("--paused goes with --control, which switches recording on")
	}
	if o.control != "" {
		if err := checkControl(o.control); err != nil {
			return err
		}
	}
	if o.redact == "none" && o.redactKey != "" {
		return usagef("--redact none makes no pseudonyms; leave --redact-key away")
	}
	if o.sampleBy != "" && o.sample == "" {
		return usagef("--sample-by goes with --sample")
	}
	return nil
}

// files names what is written.
func (o *recorderOptions) files() string {
	if o.rotateSize == 0 && o.rotateEvery == 0 {
		return o.output
	}
	return strings.TrimSuffix(o.output, ".flow.zst") + ".0001.flow.zst, …"
}

// inMemory is how much of a body is kept in memory, in bytes.
func (o *recorderOptions) inMemory() int64 { return min(int64(o.maxBody), flowfile.MaxData) }

// spool is where longer request bodies go; nil where they are cut.
func (o *recorderOptions) spool() *spool.Spool {
	const least = 4 << 30
	if o.inMemory() == int64(o.maxBody) {
		return nil
	}
	return spool.New(max(least, 2*int64(o.maxBody)))
}

// watch starts to look up which programs open connections, where that is wanted.
func (o *recorderOptions) watch() *program.Watch {
	if !o.processes {
		return nil
	}
	return program.New()
}

// newRecorder creates the recording. watch knows who opened the connections.
func (o *recorderOptions) newRecorder(env environment, source string, watch *program.Watch) (*record.Recorder, error) {
	opts := record.Options{
		Path: o.output, Source: source, Paused: o.paused, Process: watch.Of, Logger: env.logger(),
		MaxBody: int64(o.maxBody), MaxDisk: int64(o.maxDisk),
		Rotate: record.Rotation{Bytes: int64(o.rotateSize), Every: o.rotateEvery, Keep: o.keep},
	}
	if o.patient {
		opts.SealEvery = time.Minute
	}
	if o.filter != "" {
		filter, err := filter.Parse(o.filter)
		if err != nil {
			return nil, usagef("--filter: %w", err)
		}
		opts.Filter = filter.Match
	}
	if o.sample != "" {
		ratio, err := parseShare(o.sample)
		if err != nil {
			return nil, usagef("--sample %q: %w", o.sample, err)
		}
		opts.Sample = record.Sample{Ratio: ratio, By: o.sampleBy}
	}
	redactor, err := newRedactor(o.redact, o.redactKey)
	if err != nil {
		return nil, err
	}
	if redactor != nil {
		opts.Redact = redactor
	}
	if len(o.encryptTo) > 0 {
		if opts.Encrypt, err = envelope.To(o.encryptTo...); err != nil {
			return nil, usagef("--encrypt-to: %w", err)
		}
	}
	r, err := record.New(opts)
	var wrong record.OptionsError
	if errors.As(err, &wrong) {
		return nil, usagef("%s", flagsOfFields.Replace(wrong.Err.Error()))
	}
	return r, err
}

// tell says at the end what was recorded: in words on stderr, or as JSON on stdout.
func (o *recorderOptions) tell(env environment, r *record.Recorder, words string, figures any) error {
	if r.Unkeyed() {
		env.say("warning: no request had the %s that --sample-by names; users were chosen by their addresses", strings.Replace(o.sampleBy, ":", " ", 1))
	}
	if o.json {
		return writeJSON(env.stdout, figures)
	}
	env.say("recorded %s", words)
	return nil
}

// collectRarely makes garbage collections rare, since they take time from the
// traffic: garbage may grow to four times what is in use, up to a limit. GOGC and
// GOMEMLIMIT, where they are set, win. undo restores what was before.
func collectRarely(env environment) (undo func()) {
	const percent, limit = 400, 256 << 20
	undo = func() {}
	if env.getenv("GOGC") == "" && env.getenv("GOMEMLIMIT") == "" {
		wasPercent, wasLimit := debug.SetGCPercent(percent), debug.SetMemoryLimit(limit)
		undo = func() {
			debug.SetGCPercent(wasPercent)
			debug.SetMemoryLimit(wasLimit)
		}
	}
	return undo
}

// flagsOfFields names the flags that set the fields of record.Options.
var flagsOfFields = strings.NewReplacer("Rotate.Bytes", "--rotate-size", "Rotate.Every", "--rotate-every", "Rotate.Keep", "--keep",
	"MaxDisk", "--max-disk", "MaxBody", "--max-body", "Sample.By", "--sample-by", "Sample.Ratio", "--sample")

// parseShare reads "5%" or "0.05".
func parseShare(s string) (float64, error) {
	number, percent := strings.CutSuffix(strings.TrimSpace(s), "%")
	v, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if percent {
		v /= 100
	}
	if err != nil || !(v > 0 && v <= 1) {
		return 0, errors.New("write a share above 0 and at most 100%, as 5% or 0.05")
	}
	return v, nil
}

// newRedactor returns what replaces secrets, nil if rules is "none". Rules are read
// from a file, in addition to the default ones. Without a key file the key is
// random, and nobody keeps it.
func newRedactor(rules, keyFile string) (*redact.Redactor, error) {
	if rules == "none" {
		return nil, nil
	}
	o, err := redactOptions(rules, keyFile)
	if err != nil {
		return nil, err
	}
	return redact.New(o)
}

// redactOptions reads the files of rules and of the key, where they are given.
func redactOptions(rules, keyFile string) (redact.Options, error) {
	o := redact.Options{Decode: decodeContent}
	if rules != "" {
		f, err := os.Open(rules)
		if err != nil {
			return o, fmt.Errorf("read redaction rules: %w; name a file of rules, or none", err)
		}
		defer f.Close()
		if o.Rules, err = redact.ReadRules(f); err != nil {
			return o, fmt.Errorf("read redaction rules of %s: %w", rules, err)
		}
	}
	if keyFile != "" {
		var err error
		if o.Key, err = redactionKey(keyFile); err != nil {
			return o, err
		}
	}
	return o, nil
}

// decodeContent is a redact.Decoder.
func decodeContent(coding string, data []byte, limit int64) (decoded []byte, whole bool) {
	decoded, whole = content.Decode(data, coding)
	if int64(len(decoded)) > limit {
		return decoded[:limit], false
	}
	return decoded, whole
}

// redactionKeyBytes is the length of a key of pseudonyms.
const redactionKeyBytes = 32

// redactionKey reads the key, in hexadecimal, from a file. It makes the file if
// there is none.
func redactionKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key := make([]byte, redactionKeyBytes)
		if _, err := rand.Read(key); err != nil {
			return nil, fmt.Errorf("make a redaction key: %w", err)
		}
		f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if err != nil {
			return nil, fmt.Errorf("make a redaction key: %w", err)
		}
		_, err = fmt.Fprintf(f, "%x\n", key)
		return key, errors.Join(err, f.Close())
	}
	if err != nil {
		return nil, fmt.Errorf("read the redaction key: %w", err)
	}
	key, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(key) != redactionKeyBytes {
		return nil, fmt.Errorf("the redaction key in %s is not %d hexadecimal digits; name a file that --redact-key made", path, 2*redactionKeyBytes)
	}
	return key, nil
}

// The end of a recording takes stopWithin, from when it is asked for; where the source takes
// most of that, what waits for the disk has leastStop. What was read from files is written
// whole.
const (
	stopWithin = 4 * time.Second
	leastStop  = time.Second
	readWithin = time.Hour
)

// runRecorder runs source, and writes what that gives to the recorder. It returns
// when source has returned and everything is on disk. With a title it shows
// progress, which describe words.
func (o *recorderOptions) runRecorder(ctx context.Context, env environment, r *record.Recorder, title string, describe func() string,
	source func(context.Context) error) error {
	stopControl := func() error { return nil }
	if o.control != "" {
		var err error
		if stopControl, err = serveControl(env, o.control, r); err != nil {
			return errors.Join(err, r.Close())
		}
	}
	defer collectRarely(env)()
	// The recorder yields to the traffic by a low priority, which is the operating
	// system's. On a single core that works only if Go runs the two on threads of
	// their own.
	runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), 2))
	// The recorder outlives its source, so that the last flows reach the file.
	written := make(chan error, 1)
	go func() { written <- r.Run(context.WithoutCancel(ctx)) }()
	watching, unwatch := context.WithCancel(ctx)
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		if title == "" {
			return
		}
		bar := newProgress(env.stderr, title, 0)
		for every(watching, time.Second) {
			bar.update(0, describe())
		}
		bar.end()
	}()
	asked := make(chan time.Time, 1) // the one time when the end was asked for
	defer context.AfterFunc(ctx, func() { asked <- time.Now() })()
	err := source(ctx)
	unwatch()
	<-watched
	within := readWithin // the source came to its own end
	if ctx.Err() != nil {
		within = max(stopWithin-time.Since(<-asked), leastStop)
	}
	r.Stop(within)
	return errors.Join(err, stopControl(), <-written)
}
