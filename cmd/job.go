package cmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/net/http/httpguts"

	"github.com/starling-load/starling/record/flow"
	"github.com/starling-load/starling/replay"
	"github.com/starling-load/starling/replay/load"
	"github.com/starling-load/starling/replay/run"
)

// jobFlags are the flags of every command that plays a job.
type jobFlags struct {
	users       int
	spawnRate   string
	rate        string
	scale       string
	speed       string
	paths       string
	seed        uint64
	timeout     time.Duration
	stopTimeout time.Duration
	accountOptions
	verbatim   bool
	labels     []string
	allowHosts []string

	maps        []string
	host        string
	headers     []string
	connections string

	resolve    []string
	sources    []string
	proxy      string
	insecure   bool
	ca         string
	clientCert string
	clientKey  string
	h2c        bool
}

// addLoad adds the flags that say who comes when, and with what.
func (j *jobFlags) addLoad(f *pflag.FlagSet) {
	f.SortFlags = false // what belongs together stands together
	f.Var(newPositive(&j.users, 0), "users", "`NUMBER` of users, each with one session after the other")
	f.StringVar(&j.spawnRate, "spawn-rate", "", "`RATE` at which the users of --users come at the start, as 5/s (default: within the mean length of a recorded session, or a tenth of --duration; with --url all at once)")
	f.StringVar(&j.rate, "rate", "", "`RATE` of sessions, or of requests with --url, as 50/s or 600/m")
	f.StringVar(&j.scale, "scale", "", "`FACTOR` on the recorded users, as 3x (default: 1x without --users and --rate)")
	f.StringVar(&j.speed, "speed", "", "`FACTOR` on the recorded speed, as 2x")
	f.BoolVar(&j.verbatim, "verbatim", false, "send a recording as it was, its old tokens and passwords too (default: learn from it, and play its sessions with live values)")
	f.StringVar(&j.paths, "paths", "", "`WHICH` paths the users of a model take: recorded, those of the recorded sessions; walk, along the odds of its behaviors (default: recorded, where the model holds sessions)")
	f.Uint64Var(&j.seed, "seed", 1, "`NUMBER` that seeds every random draw; the same seed gives the same sessions")
	f.Var(newSpan(&j.timeout, replay.DefaultTimeout), "timeout", "`TIME` allowed for one answer")
	f.Var(newSpan(&j.stopTimeout, 0), "stop-timeout", "`TIME` allowed for answers that are under way at the end (default 5s)")
	f.StringArrayVar(&j.data, "data", nil, "CSV `FILE` with the rows of a data source of the model, as accounts.csv or accounts=FILE.csv; with a recording, the accounts that its users had, and more; may be repeated")
	f.StringVar(&j.redactKey, "redact-key", "", "`FILE` with the key of the pseudonyms of a recording, from record --redact-key; goes with --data")
}

// addDestination adds the flags that say where requests go, and over which
// connections.
func (j *jobFlags) addDestination(f *pflag.FlagSet) {
	f.StringArrayVar(&j.maps, "map", nil, "`RECORDED=LIVE` sends what went to a further origin of the recording elsewhere, as https://id.prod=https://id.staging; may be repeated (default: left out)")
	f.StringArrayVar(&j.allowHosts, "allow-host", nil, "send load to this `HOST` although it is the one that was recorded; may be repeated")
	f.StringVar(&j.host, "host", "", "`NAME` to send as Host and as server name of TLS (default: that of the target)")
	f.StringArrayVar(&j.headers, "header", nil, "`'NAME: VALUE'` to send in every request, in place of a header of that name; may be repeated")
	f.StringVar(&j.connections, "connections", string(replay.UserConnections), "`WHOSE` connections a request uses: user, its own; pool, those of all users; recorded, the same as in the recording")
	f.StringArrayVar(&j.resolve, "resolve", nil, "`NAME=ADDRESS` to connect to for a host, as shop.test=10.0.0.5 or shop.test:443=10.0.0.5:8443; may be repeated")
	f.StringArrayVar(&j.sources, "source", nil, "local IP `ADDRESS` to connect from; several are used in turn; may be repeated")
	f.StringVar(&j.proxy, "proxy", "", "`URL` of a proxy to connect through: http, https, socks5 or socks5h")
	f.BoolVar(&j.insecure, "insecure", false, "accept any certificate of the target")
	f.StringVar(&j.ca, "ca", "", "PEM `FILE` with the certificates that the target's must lead to (default: those of the system)")
	f.StringVar(&j.clientCert, "client-cert", "", "PEM `FILE` with a client certificate; goes with --client-key")
	f.StringVar(&j.clientKey, "client-key", "", "PEM `FILE` with the key of --client-cert")
	f.BoolVar(&j.h2c, "h2c", false, "speak HTTP/2 without TLS to an http:// target")
	f.StringArrayVar(&j.labels, "label", nil, "`KEY=VALUE` to keep in the run file, as release=1.4; may be repeated")
}

// options are those of a run by these flags: it learns from a recording, unless that is
// sent verbatim.
func (j *jobFlags) options(env environment) (run.Options, error) {
	o, err := env.runOptions()
	if !j.verbatim {
		o.Learn = env.learner(j.accountOptions)
	}
	return o, err
}

// job is what the flags say of how src is to be played.
func (j *jobFlags) job(src run.Source) (run.Job, error) {
	job := run.Job{Source: src, AllowHosts: j.allowHosts, StopTimeout: j.stopTimeout}
	var err error
	if job.Plan, err = j.plan(); err != nil {
		return job, usageError{err}
	}
	for _, label := range j.labels {
		if key, _, ok := strings.Cut(label, "="); !ok || key == "" {
			return job, usagef("--label %q: write it as KEY=VALUE, such as release=1.4", label)
		}
	}
	job.Labels = j.labels
	if err := j.destination(&job.Plan); err != nil {
		return job, err
	}
	switch {
	case j.verbatim && src.Recording == "":
		return job, usagef("--verbatim sends a recording as it was; name a flow file, NAME.flow.zst")
	case j.verbatim && j.paths != "":
		return job, usagef("--paths goes with a model, or with what is learned from a recording; --verbatim has neither")
	case j.redactKey != "" && (j.verbatim || src.Recording == ""):
		return job, usagef("--redact-key goes with a recording that is learned from")
	case src.Recording != "" && !j.verbatim:
		return job, j.client(&job) // learning reads the data files
	}
	for _, spec := range j.data {
		name, file := dataFile(spec)
		if job.Data == nil {
			job.Data = make(map[string]string)
		}
		job.Data[name] = file
	}
	return job, j.client(&job)
}

// maxSpread is the longest time, in seconds, within which users come.
const maxSpread = 1e6

func (j *jobFlags) plan() (p replay.Plan, err error) {
	p = replay.Plan{Seed: j.seed, Users: j.users, Timeout: j.timeout, Paths: replay.Paths(j.paths)}
	if j.spawnRate != "" {
		r, err := load.ParseRate(j.spawnRate)
		if err != nil {
			return p, err
		}
		if p.Users == 0 {
			return p, errors.New("--spawn-rate says how fast the users of --users come; give their number, too")
		}
		p.Spread = max(1, time.Duration(min(float64(p.Users)/r, maxSpread)*float64(time.Second)))
	}
	if j.rate != "" {
		if p.Rate, err = load.ParseRate(j.rate); err != nil {
			return p, err
		}
	}
	if j.scale != "" {
		if p.Scale, err = load.ParseFactor(j.scale); err != nil {
			return p, err
		}
	}
	if j.speed != "" {
		if p.Speed, err = load.ParseFactor(j.speed); err != nil {
			return p, err
		}
	}
	return p, nil
}

// destination fills where requests go beside the target, and what is added to
// them.
func (j *jobFlags) destination(p *replay.Plan) error {
	p.Host, p.Connections = j.host, replay.Connections(j.connections)
	for _, pair := range j.maps {
		from, to, ok := strings.Cut(pair, "=")
		recorded, err := replay.ParseOrigin(from)
		live, liveErr := replay.ParseOrigin(to)
		if !ok || err != nil || liveErr != nil {
			return usagef("--map %q: write it as RECORDED=LIVE, such as https://id.prod=https://id.staging", pair)
		}
		p.Map = append(p.Map, replay.Origin{Recorded: recorded, Live: live})
	}
	for _, line := range j.headers {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch {
		case !ok || !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
			return usagef("--header %q: write it as 'Name: value'", line)
		case strings.EqualFold(name, "Host"):
			return usagef("--header %q: the Host is set by --host", line)
		case slices.Contains(framing, strings.ToLower(name)):
			return usagef("--header %q: this header belongs to the connection and cannot be set", line)
		}
		p.Headers = append(p.Headers, flow.Header{Name: name, Value: value})
	}
	return nil
}

// framing are the headers that say how a request is sent, which its sender
// alone knows.
var framing = []string{"connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"}

// client fills how connections are made.
func (j *jobFlags) client(job *run.Job) error {
	c := &job.Client
	c.Insecure, c.H2C, c.Proxy, c.Sources = j.insecure, j.h2c, j.proxy, j.sources
	for _, pair := range j.resolve {
		name, address, ok := strings.Cut(pair, "=")
		if !ok || name == "" || address == "" {
			return usagef("--resolve %q: write it as NAME=ADDRESS, such as shop.test=10.0.0.5", pair)
		}
		if c.Resolve == nil {
			c.Resolve = make(map[string]string)
		}
		c.Resolve[name] = address
	}
	if (j.clientCert == "") != (j.clientKey == "") {
		return usagef("--client-cert and --client-key go together")
	}
	for _, pem := range []struct {
		path string
		text *string
	}{{j.ca, &c.Roots}, {j.clientCert, &c.Cert}, {j.clientKey, &c.Key}} {
		if pem.path == "" {
			continue
		}
		data, err := os.ReadFile(pem.path)
		if err != nil {
			return fmt.Errorf("read certificates: %w", err)
		}
		*pem.text = string(data)
	}
	return nil
}

// dataFile reads a --data flag: NAME=FILE, or FILE alone, whose name without its
// ending is then that of the data source.
func dataFile(spec string) (name, file string) {
	if name, file, named := strings.Cut(spec, "="); named {
		return name, file
	}
	return strings.TrimSuffix(filepath.Base(spec), filepath.Ext(spec)), spec
}
