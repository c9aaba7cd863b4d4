package cmd

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/ui"
)

func uiCommand(env environment) *cobra.Command {
	var listen, token string
	cmd := &cobra.Command{
		Use:   "ui [DIR]",
		Short: "Look at runs in the browser, and compare them",
		Long: `Serve the web UI for the run files (*.run.zst) of a folder, by default the
current one, until Ctrl-C. Beyond loopback it asks for a token.`,
		Example: "  starling ui\n  starling ui --listen 127.0.0.1:8070 runs/",
		Args:    atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) > 0 {
				dir = args[0]
			}
			stop, url, err := serveUI(env, listen, token, dir, nil)
			if err != nil {
				return err
			}
			env.say("runs of %s on %s (Ctrl-C ends it)", dir, url)
			<-cmd.Context().Done()
			stop()
			return nil
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:7070", "`ADDRESS` to listen on; port 0 takes a free one")
	cmd.Flags().StringVar(&token, "token", "", "`TOKEN` that the UI asks for; made and printed when it listens beyond loopback")
	return cmd
}

// serveUI serves the web UI in the background. url is where to point a browser,
// with the token when there is one.
func serveUI(env environment, listen, token, dir string, live *liveView) (stop func(), url string, err error) {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, "", fmt.Errorf("listen for the web UI: %w", err)
	}
	addr := listener.Addr().String()
	if token == "" && !loopbackAddress(addr) {
		token = rand.Text()
	}
	o := ui.Options{Dir: dir, Token: token, Version: version(), Logger: env.logger()}
	if live != nil {
		o.Live = live
	}
	handler, err := ui.New(o)
	if err != nil {
		listener.Close()
		return nil, "", err
	}
	base, cancel := context.WithCancel(context.Background())
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second,
		BaseContext: func(net.Listener) context.Context { return base },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	stop = func() {
		cancel()
		closing, done := context.WithTimeout(context.Background(), 2*time.Second)
		defer done()
		if err := server.Shutdown(closing); err != nil {
			server.Close()
		}
		if err := <-served; err != nil && !errors.Is(err, http.ErrServerClosed) {
			env.say("starling: web UI: %s", explain(err))
		}
	}
	url = "http://" + addr + "/"
	if token != "" {
		url += "?token=" + token
	}
	return stop, url, nil
}

// loopbackAddress reports whether a listener's address is reached from this
// machine alone.
func loopbackAddress(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	return err == nil && isLoopback(host)
}
