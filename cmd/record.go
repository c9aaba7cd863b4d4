package cmd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record"
	"github.com/starling-load/starling/record/program"
	"github.com/starling-load/starling/record/proxy"
	"github.com/starling-load/starling/record/proxy/authority"
)

func recordCommand(env environment) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "record",
		Short: "Record real traffic into a flow file",
	}
	cmd.AddCommand(recordProxyCommand(env), recordCaptureCommand(env), recordCACommand(env))
	return cmd
}

// recordOptions are the flags of record proxy.
type recordOptions struct {
	recorderOptions
	network  networkOptions
	listen   string
	upstream string
	caDir    string
	keepHost bool
	tls      bool
}

func recordProxyCommand(env environment) *cobra.Command {
	var o recordOptions
	cmd := &cobra.Command{
		Use:   "proxy -o FILE",
		Short: "Record as a forward or reverse proxy, until Ctrl-C",
		Long: `Record as a proxy. With --upstream it stands in front of one service (reverse
proxy); without, clients are set to use it (forward proxy), and https is opened
with an authority of this installation that clients have to trust: see
"starling record ca". Traffic streams through unchanged; when the recorder
cannot keep up it sheds whole sessions and says how many.

In front of a service, redirects and cookies in which it names its own address
name the recorder, so that browsers stay with it. Links in pages are left alone;
the recorder says when they lead clients past it. Beyond loopback, a forward
proxy needs --allow-client or --credentials.

` + recorderHelp,
		Example: `  starling record proxy --upstream http://127.0.0.1:9000 -o shop.flow.zst
  starling record proxy --upstream http://127.0.0.1:9000 -o shop.flow.zst \
      --sample 5% --sample-by cookie:sid --rotate-every 1h --keep 24
  starling record proxy --listen 0.0.0.0:80 --trust-forwarded 10.0.0.0/8 \
      --upstream http://127.0.0.1:9000 -o shop.flow.zst
  starling record proxy -o shop.flow.zst &
  curl --proxy http://127.0.0.1:8080 http://shop.test/`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return recordProxy(cmd.Context(), env, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "127.0.0.1:8080", "`ADDRESS` to listen on; port 0 takes a free one")
	f.StringVar(&o.upstream, "upstream", "", "`URL` of the one service to stand in front of, http://, https:// or h2c:// (default: forward proxy)")
	f.BoolVar(&o.keepHost, "keep-host", true, "with --upstream, pass on the Host that clients send; =false sends that of the upstream, for services that tell their sites apart by it")
	f.BoolVar(&o.tls, "tls", false, "with --upstream, serve TLS and HTTP/2 to clients, who have to trust the authority of this installation")
	f.StringVar(&o.caDir, "ca-dir", "", "`FOLDER` of the certificate authority (default: in the user's configuration)")
	o.network.addFlags(f)
	o.addFlags(f)
	return cmd
}

func recordProxy(ctx context.Context, env environment, o recordOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if o.tls && o.upstream == "" {
		return usagef("--tls goes with --upstream; a forward proxy opens https by itself")
	}
	if !o.keepHost && o.upstream == "" {
		return usagef("--keep-host=false goes with --upstream; a forward proxy passes the Host on that clients send")
	}
	r, err := openRecorder(env, o)
	if err != nil {
		return err
	}
	env.say("recording %s into %s; Ctrl-C ends it", describeListener(r.listener, o), o.files())
	err = r.run(ctx, "record")
	told := o.tell(env, r.recorder, r.describe(), r.figures())
	r.warnOfPast(o.upstream, o.tls)
	if c := r.proxy.Counts(); o.upstream != "" && o.keepHost && c.Flows > 0 && c.Served == 0 {
		env.say("hint: every request failed; a service that tells its sites apart by Host does not know the recorder: --keep-host=false sends it its own")
	}
	return errors.Join(err, told)
}

// A recording is a proxy with its recorder, ready to run.
type recording struct {
	env      environment
	options  recorderOptions
	proxy    *proxy.Proxy
	recorder *record.Recorder
	listener net.Listener
	watch    *program.Watch
}

// openRecorder opens all that a recording needs, so that nothing can fail later for
// lack of it.
func openRecorder(env environment, o recordOptions) (*recording, error) {
	var upstream *url.URL
	if o.upstream != "" {
		var err error
		upstream, err = url.Parse(o.upstream)
		if err != nil || upstream.Host == "" || !slices.Contains([]string{"http", "https", "h2c"}, upstream.Scheme) {
			return nil, usagef("--upstream %q: write it as http://HOST:PORT or https://HOST:PORT", withoutCredentials(o.upstream))
		}
	}
	authority, err := loadAuthority(o.caDir)
	if err != nil {
		return nil, err
	}
	options := proxy.Options{
		Upstream: upstream, UpstreamHost: !o.keepHost, ListenTLS: o.tls, CA: authority, MaxBody: o.inMemory(), Spool: o.spool(), MaxLong: int64(o.maxBody), Logger: env.logger(),
	}
	if err := o.network.apply(&options); err != nil {
		return nil, err
	}
	r := &recording{env: env, options: o.recorderOptions}
	if r.listener, err = net.Listen("tcp", o.listen); err != nil {
		return nil, fmt.Errorf("listen for traffic to record: %w", err)
	}
	if o.upstream == "" && options.Access.Open() && !loopbackAddress(r.listener.Addr().String()) {
		r.listener.Close()
		return nil, usagef("whoever reaches %s could use this forward proxy to reach anything: name its clients with --allow-client, as 10.0.0.0/8, give them a password with --credentials, or listen on 127.0.0.1", r.listener.Addr())
	}
	r.watch = o.watch()
	if r.recorder, err = o.newRecorder(env, "proxy", r.watch); err != nil {
		r.watch.Close()
		r.listener.Close()
		return nil, err
	}
	options.Sink, options.Opened = r.recorder, r.watch.Opened
	if r.proxy, err = proxy.New(options); err != nil {
		r.watch.Close()
		r.listener.Close()
		return nil, usageError{errors.Join(err, r.discard(o.output))}
	}
	return r, nil
}

// discard ends a recording that never began, and removes its file.
func (r *recording) discard(path string) error {
	over, end := context.WithCancel(context.Background())
	end()
	return errors.Join(r.recorder.Run(over), os.Remove(path))
}

// run records until ctx ends. With a title it shows its progress.
func (r *recording) run(ctx context.Context, title string) error {
	defer r.watch.Close()
	return r.options.runRecorder(ctx, r.env, r.recorder, title, r.describe, func(ctx context.Context) error {
		return r.proxy.Serve(ctx, r.listener)
	})
}

// loadAuthority opens or makes the certificate authority of this installation.
func loadAuthority(dir string) (*authority.Authority, error) {
	if dir == "" {
		config, err := os.UserConfigDir()
		if err != nil {
			return nil, fmt.Errorf("find the folder of the certificate authority: %w; name one with --ca-dir", err)
		}
		dir = filepath.Join(config, "starling", "ca")
	}
	return authority.Load(dir)
}

func describeListener(l net.Listener, o recordOptions) string {
	scheme := "http"
	if o.tls {
		scheme = "https"
	}
	if o.upstream != "" {
		return fmt.Sprintf("%s://%s in front of %s", scheme, l.Addr(), o.upstream)
	}
	return fmt.Sprintf("as forward proxy %s://%s", scheme, l.Addr())
}

func describeCounts(c record.Counts) string {
	text := fmt.Sprintf("%s, %s", english.Plural(int(c.Flows), "flow", ""), humanize.IBytes(uint64(c.Bytes)))
	if c.Removed > 0 {
		text += ", " + humanize.Comma(int64(c.Removed)) + " removed with older parts"
	}
	if c.LeftOut > 0 {
		text += fmt.Sprintf(", %d left out", c.LeftOut)
	}
	if c.Paused {
		text += ", paused"
	}
	if c.Lost > 0 {
		text += fmt.Sprintf(", %s lost", english.Plural(int(c.Lost), "flow", ""))
		if c.LostSessions > 0 {
			text += fmt.Sprintf(" of %s", english.Plural(int(c.LostSessions), "session", ""))
		}
		if c.Stopped != "" && c.Stopped != record.StoppedClosed {
			text += " (" + c.Stopped + ")"
		}
	}
	return text
}

func recordCACommand(env environment) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use:   "ca",
		Short: "Print the certificate that clients have to trust, and how",
		Long: `Print the certificate of this installation's authority (to stdout) and how to
trust it (to stderr). Its key was made on this machine and is readable by its
owner alone. Trust it only where you record.`,
		Example: `  starling record ca > starling-ca.pem
  curl --cacert starling-ca.pem --proxy http://127.0.0.1:8080 https://shop.test/`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			authority, err := loadAuthority(dir)
			if err != nil {
				return err
			}
			env.say(`To trust it, save it as starling-ca.pem and
  curl     curl --cacert starling-ca.pem …
  Debian   cp starling-ca.pem /usr/local/share/ca-certificates/starling.crt && update-ca-certificates
  Fedora   cp starling-ca.pem /etc/pki/ca-trust/source/anchors/ && update-ca-trust
  macOS    sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain starling-ca.pem
  Windows  certutil -addstore -f Root starling-ca.pem
  Python   REQUESTS_CA_BUNDLE=starling-ca.pem python …
  Node.js  NODE_EXTRA_CA_CERTS=starling-ca.pem node …
  Go       SSL_CERT_FILE=starling-ca.pem …
  Java     keytool -importcert -alias starling -file starling-ca.pem -cacerts
  Firefox  Settings, Privacy & Security, View Certificates, Authorities, Import
  Chrome   Settings, Privacy and security, Security, Manage certificates, Authorities`)
			_, err = env.stdout.Write(authority.CertPEM())
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "ca-dir", "", "`FOLDER` of the certificate authority (default: in the user's configuration)")
	return cmd
}
