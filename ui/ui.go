package ui

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
)

// Options say what a handler shows and to whom. At least one of Live and Dir
// must be there.
type Options struct {
	Live    Live         // the run that goes on now; nil: none
	Dir     string       // folder of *.run.zst files; "": no list of runs
	Token   string       // secret of at least 16 characters that every request must know; "": none, for loopback only
	Hosts   []string     // names under which the server is reached, besides IP addresses and localhost
	Version string       // of Starling, shown in /api/status
	Logger  *slog.Logger // nil: discard

	assets fs.FS // the built app; nil: the embedded one
}

// minToken is the length of the shortest token that is not guessed.
const minToken = 16

func (o Options) withDefaults() Options {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.assets == nil {
		o.assets = embedded()
	}
	return o
}

func (o Options) validate() error {
	var problems []error
	if o.Live == nil && o.Dir == "" {
		problems = append(problems, errors.New("nothing to show: neither a live run nor a folder of runs is given"))
	}
	if o.Token != "" && len(o.Token) < minToken {
		problems = append(problems, fmt.Errorf("the token has %d characters; use at least %d", len(o.Token), minToken))
	}
	if o.Dir != "" {
		if info, err := os.Stat(o.Dir); err != nil {
			problems = append(problems, fmt.Errorf("folder of runs: %w", err))
		} else if !info.IsDir() {
			problems = append(problems, fmt.Errorf("folder of runs: %s is not a folder", o.Dir))
		}
	}
	return errors.Join(problems...)
}

// server is what New returns, without its guards.
type server struct {
	Options
	feed *feed
	runs *runs
}

// New returns the handler. It starts nothing. Live streams end when the context of
// their request ends. So cancel the BaseContext of the http.Server before its Shutdown,
// which otherwise waits for them.
func New(o Options) (http.Handler, error) {
	if err := o.validate(); err != nil {
		return nil, fmt.Errorf("web UI: %w", err)
	}
	s := &server{Options: o.withDefaults()}
	if s.Live != nil {
		s.feed = &feed{live: s.Live}
	}
	if s.Dir != "" {
		s.runs = newRuns(s.Dir)
	}
	return s.guard(s.routes()), nil
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/status", s.status)
	mux.HandleFunc("GET /api/live", s.withLive(s.live))
	mux.HandleFunc("GET /api/live/events", s.withLive(s.events))
	mux.HandleFunc("POST /api/live/stop", s.withLive(s.stop))
	mux.HandleFunc("GET /api/runs", s.withRuns(s.listRuns))
	mux.HandleFunc("GET /api/runs/{name}", s.withRuns(s.showRun))
	mux.HandleFunc("GET /api/compare", s.withRuns(s.compareRuns))
	mux.HandleFunc("/api/", func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, &statusError{http.StatusNotFound, "there is no such call; the package comment of ui lists them"})
	})
	mux.Handle("/", s.app())
	return mux
}

func (s *server) status(w http.ResponseWriter, r *http.Request) {
	s.reply(w, r, map[string]any{"live": s.Live != nil, "runs": s.Dir != "", "version": s.Version})
}

func (s *server) withLive(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.Live == nil {
			s.fail(w, r, &statusError{http.StatusNotFound, "no run goes on here; start one with starling replay --ui"})
			return
		}
		h(w, r)
	}
}

func (s *server) withRuns(h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if s.runs == nil {
			s.fail(w, r, &statusError{http.StatusNotFound, "no folder of runs was given; start it with starling ui DIR"})
			return
		}
		h(w, r)
	}
}

// A statusError is an error whose text is meant for the person in front of the
// browser, with its HTTP status.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

// reply writes v as JSON.
func (s *server) reply(w http.ResponseWriter, r *http.Request, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		s.fail(w, r, fmt.Errorf("encode the answer: %w", err))
		return
	}
	s.write(w, http.StatusOK, body)
}

// fail writes err as JSON. An error that is no statusError is a fault of this package:
// it is logged, and the client learns only that.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	var known *statusError
	if !errors.As(err, &known) {
		s.Logger.Error("web request failed", "path", r.URL.Path, "error", err)
		known = &statusError{http.StatusInternalServerError, "Starling could not answer; its log says why"}
	}
	body, _ := json.Marshal(map[string]string{"error": known.text}) // a string always encodes
	s.write(w, known.status, body)
}

func (s *server) write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		s.Logger.Debug("viewer went away", "error", err)
	}
}
