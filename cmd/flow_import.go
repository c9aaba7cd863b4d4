package cmd

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/envelope"
	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/record/flowfile"
)

// importOptions are the flags of flow import.
type importOptions struct {
	from        string
	output      string
	logFormat   string
	sessionGap  time.Duration
	environment string
	origin      string
	files       string
	redact      string
	redactKey   string
	encryptTo   []string
	json        bool
}

func flowImportCommand(env environment) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use:   "import FILE... -o FILE",
		Short: "Make a recording of what other tools recorded",
		Long: `Make a recording of what other tools recorded:

  har      HAR 1.2 of browsers and proxies, with the messages of WebSockets
  netlog   network logs of Chrome: chrome://net-export, or --log-net-log=FILE
           with --net-log-capture-mode=Everything
  gor      GoReplay (.gor, .gor.gz)
  mitm     flow files of mitmproxy
  log      access logs: common and combined of Apache and nginx, JSON of nginx,
           Envoy, Caddy, Traefik and others, Envoy and Istio, load balancers of
           AWS, CloudFront (standard and real-time) and IIS, or any format
           string with --log-format; a session of an address and agent becomes
           a connection
  curl     curl commands, as browsers copy them for bash and for cmd.exe
  postman  collections of Postman 2.1
  pcap     packet captures of tcpdump and others, pcap and pcapng; more about
           packets can be said with "starling record capture --read"
  text     what "starling flow cat" prints, also after it was edited

The format is told from the content where --from is left out; gzipped files are
opened; - reads stdin. Entries that cannot be read are passed over, counted in
the recording, and the first of them told with their places. Passwords, tokens
and cookies are replaced by pseudonyms as "starling record" does; text that says
of itself that they were is left as it is.`,
		Example: `  starling flow import shop.har -o shop.flow.zst
  starling flow import --from log --log-format '%h %l %u %t "%r" %>s %b %D' \
      access.log.1.gz access.log -o web.flow.zst
  chromium --log-net-log=net.json --net-log-capture-mode=Everything
  starling flow import net.json -o shop.flow.zst
  zcat cloudfront/*.gz | starling flow import - -o edge.flow.zst
  ssh shop tcpdump -i any -s 0 -U -w - port 80 |
      starling flow import - -o shop.flow.zst
  starling flow import --environment env.json api.postman.json -o api.flow.zst
  starling flow cat a.flow.zst | sed 's/old.test/new.test/' |
      starling flow import --from text - -o b.flow.zst`,
		Args: atLeastOne("the files to import"),
		RunE: func(cmd *cobra.Command, paths []string) error { return flowImport(cmd.Context(), env, o, paths) },
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "`FORMAT` of the files: "+strings.Join(formatNames(o.formats(nil), false), ", ")+" (default: told from their content)")
	f.StringVarP(&o.output, "output", "o", "", "flow `FILE` to write, NAME.flow.zst; - is stdout (required)")
	f.StringVar(&o.logFormat, "log-format", "", "`FORMAT` of access logs: common, combined, json, envoy, alb, w3c, a format string of Apache or nginx, or names of W3C fields as cs-method sc-status")
	f.Var(newSpan(&o.sessionGap, 30*time.Minute), "session-gap", "`PAUSE` after which a client of an access log begins a new session")
	f.StringVar(&o.environment, "environment", "", "`FILE` with a Postman environment")
	f.StringVar(&o.origin, "origin", "", "`URL` (https://HOST) of requests whose format does not tell scheme and host")
	f.StringVar(&o.files, "files", "", "`FOLDER` of the files that curl commands and collections refer to (default: such entries are passed over)")
	f.StringVar(&o.redact, "redact", "", "`FILE` of further redaction rules, or none to keep secrets as they are")
	f.StringVar(&o.redactKey, "redact-key", "", "`FILE` with the key of the pseudonyms; made if it is missing (default: a key that nobody keeps)")
	f.StringArrayVar(&o.encryptTo, "encrypt-to", nil, "encrypt for this age public `KEY`, or file of keys; may be repeated")
	f.BoolVar(&o.json, "json", false, "print what was imported as JSON: the keys of starling flow stat --json, and entries {broken, passed_over, doubtful}")
	return cmd
}

func flowImport(ctx context.Context, env environment, o importOptions, paths []string) error {
	if err := checkCopy(env, o.output, o.json); err != nil {
		return err
	}
	if o.logFormat != "" && o.from == "" {
		o.from = "log"
	}
	if names := formatNames(o.formats(nil), false); o.from != "" && !slices.Contains(names, o.from) {
		return usagef("--from %q: choose one of %s", o.from, strings.Join(names, ", "))
	}
	c := convert.Options{Origin: o.origin, Start: time.Now()}
	if err := errors.Join(c.Validate(), o.log().Validate()); err != nil {
		return usagef("%w; see starling flow import --help", err)
	}
	var variables []byte
	if o.environment != "" {
		var err error
		if variables, err = os.ReadFile(o.environment); err != nil {
			return fmt.Errorf("read the Postman environment: %w", err)
		}
	}
	return importInto(ctx, env, o, &importing{env: env, from: o.from, formats: o.formats(variables), options: c}, paths)
}

// importInto writes what is imported: every flow passes the redactor before the
// writer.
func importInto(ctx context.Context, env environment, o importOptions, i *importing, paths []string) error {
	redactor, err := newRedactor(o.redact, o.redactKey)
	if err != nil {
		return err
	}
	i.redaction, i.again = "none", o.redact != "" || o.redactKey != ""
	if redactor != nil {
		i.redaction, i.redact = redactor.Name(), redactor.Flow
	}
	w := flowfile.WriterOptions{MaxBody: flowfile.MaxBody}
	if len(o.encryptTo) > 0 {
		if w.Encrypt, err = envelope.To(o.encryptTo...); err != nil {
			return usagef("--encrypt-to: %w", err)
		}
	}
	totals, err := saveRecords(ctx, env, "import", o.output, w, i.records(ctx, paths))
	if err != nil && ctx.Err() != nil {
		return ctx.Err() // the interrupt cut the input off; nothing is broken
	}
	i.tell()
	if err != nil {
		return err
	}
	if o.json {
		return writeJSON(env.stdout, struct {
			flowfile.Totals
			Entries importedEntries `json:"entries"`
		}{totals, importedEntries{i.skipped.count, i.other.count, i.kept.count}})
	}
	env.say("%s: %s", o.output, describeTotals(totals))
	return nil
}

// importedEntries counts what was not imported as it stands.
type importedEntries struct {
	Broken     uint64 `json:"broken"`      // left out
	PassedOver uint64 `json:"passed_over"` // left out, since they are no HTTP exchange
	Doubtful   uint64 `json:"doubtful"`    // imported, and repaired or incomplete
}

// An importing is the state of one run over all files.
type importing struct {
	env       environment
	from      string
	formats   []convert.Format
	options   convert.Options
	redact    func(*flow.Flow) // replaces secrets; nil: nothing does
	redaction string           // name of its rules
	again     bool             // redact also what was redacted before
	redacted  bool             // the flows that come next were redacted before

	flows   uint64
	conns   uint64 // greatest number of a connection so far
	skipped entryList
	other   entryList
	kept    entryList
}

// An entryList counts entries and remembers the first few.
type entryList struct {
	count uint64
	first []string
}

const entriesTold = 5

func (l *entryList) add(path string, err error) {
	l.count++
	if len(l.first) < entriesTold {
		l.first = append(l.first, path+", "+err.Error())
	}
}

// tell says what was not imported, and why.
func (i *importing) tell() {
	say := func(l entryList, what string) {
		for _, text := range l.first {
			i.env.say("warning: %s", text)
		}
		if l.count == 1 {
			i.env.say("1 entry %s", what)
		} else if l.count > 1 {
			i.env.say("%d entries %s", l.count, what)
		}
	}
	say(i.kept, "imported with a doubt")
	say(i.other, "passed over: no HTTP exchange")
	say(i.skipped, "broken and passed over")
}

// errNothing says that no file held a flow.
var errNothing = errors.New("nothing was imported; see what each entry lacks, or name the format with --from")

// records yields the records of all files: for each file how its flows came
// about, its connections and flows, and how many entries were broken.
func (i *importing) records(ctx context.Context, paths []string) iter.Seq2[flow.Record, error] {
	return func(yield func(flow.Record, error) bool) {
		for _, path := range paths {
			more, err := i.file(ctx, path, yield)
			if err != nil {
				yield(nil, err)
				return
			}
			if !more {
				return
			}
		}
		if i.flows == 0 {
			yield(nil, errNothing)
		}
	}
}

// open opens what to import. An interrupt ends the reading at once, even of a pipe
// that another program is slow to fill.
func (i *importing) open(ctx context.Context, path string) (io.ReadCloser, error) {
	if path == "-" {
		return endsWith(ctx, i.env.stdin), nil
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return nil, errFolder(path)
	}
	if err == nil && !info.Mode().IsRegular() {
		return endsWith(ctx, &captureFile{path: path}), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open what to import: %w", err)
	}
	return f, nil
}

// errFolder says that path is a folder where a file is wanted.
func errFolder(path string) error { return fmt.Errorf("%s is a folder; name the files in it", path) }

// info says how the flows of one file came about.
func (i *importing) info(format string) (*flow.Info, error) {
	var id [8]byte
	if _, err := rand.Read(id[:]); err != nil {
		return nil, fmt.Errorf("number the recording: %w", err)
	}
	return &flow.Info{
		Recording: binary.LittleEndian.Uint64(id[:]), Source: "import " + format, Redaction: i.redaction,
	}, nil
}

// file yields the records of one file and reports whether more are wanted.
func (i *importing) file(ctx context.Context, path string, yield func(flow.Record, error) bool) (more bool, err error) {
	file, err := i.open(ctx, path)
	if err != nil {
		return false, err
	}
	defer file.Close()
	if path == "-" {
		path = "stdin"
	}
	in, format := io.Reader(file), formatNamed(i.formats, i.from)
	if i.from == "" {
		if format, in, err = convert.Detect(in, i.formats); err != nil {
			return false, fmt.Errorf("import %s: %w", path, err)
		}
	}
	info, err := i.info(format.Name)
	if err != nil {
		return false, err
	}
	before, base := i.skipped.count, i.conns
	last := i.options.Start
	i.redacted = false
	for rec, err := range convert.Import(ctx, format, in, i.options) {
		if err != nil {
			if err = i.entry(path, err); err != nil {
				return false, fmt.Errorf("%s: %w", path, err)
			}
			continue
		}
		if told, ok := rec.(*flow.Info); ok {
			i.retell(told)
			info = nil
		}
		if info != nil && !yield(info, nil) {
			return false, nil
		}
		info, last = nil, i.take(rec, base, last)
		if !yield(rec, nil) {
			return false, nil
		}
	}
	if info != nil && !yield(info, nil) {
		return false, nil
	}
	if n := i.skipped.count - before; n > 0 {
		return yield(&flow.Loss{At: last, Reason: flow.LossBroken, Flows: n}, nil), nil
	}
	return true, nil
}

// retell puts the name of our redaction into what the input says of the flows
// that follow, unless they were redacted before and stay as they are.
func (i *importing) retell(info *flow.Info) {
	i.redacted = info.Redaction != "" && info.Redaction != "none" && !i.again
	if !i.redacted {
		info.Redaction = i.redaction
	}
}

// take makes a record ready to be written: it numbers connections so that those of
// several files stay apart, and replaces secrets. It returns the time of a flow,
// and last for other records.
func (i *importing) take(rec flow.Record, base uint64, last time.Time) time.Time {
	switch rec := rec.(type) {
	case *flow.Conn:
		rec.ID += base
		i.conns = max(i.conns, rec.ID)
	case *flow.Flow:
		if rec.Conn != 0 {
			rec.Conn += base
		}
		if i.redact != nil && !i.redacted {
			i.redact(rec)
		}
		i.flows++
		return rec.Start
	}
	return last
}

// entry counts an entry that was left out, and returns any other error.
func (i *importing) entry(path string, err error) error {
	var entry *convert.EntryError
	switch {
	case !errors.As(err, &entry):
		return err
	case errors.Is(err, convert.ErrKept):
		i.kept.add(path, err)
	case errors.Is(err, convert.ErrOther):
		i.other.add(path, err)
	default:
		i.skipped.add(path, err)
	}
	return nil
}
