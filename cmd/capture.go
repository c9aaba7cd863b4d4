package cmd

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"github.com/starling-load/starling/record"
	"github.com/starling-load/starling/record/capture"
	"github.com/starling-load/starling/record/capture/decrypt"
	"github.com/starling-load/starling/record/capture/exchange"
	"github.com/starling-load/starling/record/capture/packet"
	"github.com/starling-load/starling/record/flow"
)

// captureOptions are the flags of record capture.
type captureOptions struct {
	recorderOptions
	iface   string
	read    []string
	ports   []string
	hosts   []string
	nets    []string
	vlans   []string
	keylog  string
	readers int
	ring    byteSize
}

func recordCaptureCommand(env environment) *cobra.Command {
	var o captureOptions
	cmd := &cobra.Command{
		Use:   "capture (--interface IF | --read FILE...) -o FILE",
		Short: "Record from packets: of an interface until Ctrl-C, or of capture files",
		Long: `Record from packets; the traffic itself is left alone. Protocols are recognised
by their content, on every port: HTTP/1, HTTP/2 without TLS, gRPC and WebSocket.
TLS is opened with the secrets of a key log (SSLKEYLOGFILE) or of the capture
file.

--interface takes packets from an interface of this Linux machine; "any" takes
them from all. The right CAP_NET_RAW is enough:

  sudo setcap cap_net_raw+ep "$(command -v starling)"

or run it as root. --read takes capture files (pcap or pcapng, also as .gz or
.xz; "-" is stdin), one after the other as one capture.

What the capture lacks is counted in the recording: packets that the kernel
dropped (a larger --ring or more --readers help), holes in connections, bytes
that were not understood, connections whose beginning was not seen.

` + recorderHelp,
		Example: `  starling record capture --interface eth0 --port 80,8080 -o shop.flow.zst
  starling record capture --read monday.pcap.gz -o monday.flow.zst
  starling record capture --read 1.pcap 2.pcap --keylog key.log -o a.flow.zst
  ssh shop tcpdump -i eth0 -s 0 -U -w - port 80 |
      starling record capture --read - -o shop.flow.zst`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(o.read) == 0 && len(args) > 0 {
				return usagef("%q: name capture files with --read", args[0])
			}
			o.read = append(o.read, args...)
			return recordCapture(cmd.Context(), env, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.iface, "interface", "", "`INTERFACE` to take packets from, or any")
	f.StringArrayVar(&o.read, "read", nil, "capture `FILE` to read, - for stdin; more files may follow")
	f.StringSliceVar(&o.ports, "port", nil, "only these TCP `PORTS` (default: all)")
	f.StringSliceVar(&o.hosts, "host", nil, "only from or to these `ADDRESSES`")
	f.StringSliceVar(&o.nets, "net", nil, "only from or to these `NETWORKS`, as 10.0.0.0/8")
	f.StringSliceVar(&o.vlans, "vlan", nil, "only in these VLANs, by `NUMBER`")
	f.StringVar(&o.keylog, "keylog", "", "key log `FILE` that opens TLS; with --interface it may grow while the capture goes on")
	f.Var(newPositive(&o.readers, 1), "readers", "`NUMBER` of readers among which the kernel spreads connections")
	f.Var(&o.ring, "ring", "`BYTES` of memory for packets that wait, for each reader (default 64 MiB)")
	o.addFlags(f)
	return cmd
}

func recordCapture(ctx context.Context, env environment, o captureOptions) error {
	if err := o.check(); err != nil {
		return err
	}
	if (o.iface == "") == (len(o.read) == 0) {
		return usagef("name either an interface, --interface IF, or capture files, --read FILE")
	}
	filter, err := o.packets()
	if err != nil {
		return err
	}
	keys := new(decrypt.Keys)
	log, err := openKeyLog(o.keylog, keys)
	if err != nil {
		return err
	}
	defer log.close()
	files, err := captureFiles(ctx, env, o.read)
	if err != nil {
		return err
	}
	sources, err := o.listen(filter)
	if err != nil {
		return err
	}
	o.processes, o.patient = o.processes && o.iface != "", o.iface == ""
	watch := o.watch()
	defer watch.Close()
	r, err := o.newRecorder(env, "capture", watch)
	if err != nil {
		return errors.Join(err, closeAll(sources))
	}
	interrupted := ctx.Err
	ctx, full := context.WithCancel(ctx)
	defer full()
	c := capture.New(capture.Options{
		Sink: o.sink(ctx, r, full), Filter: filter, Keys: keys, MaxBody: o.inMemory(), Opened: watch.Opened, Logger: env.logger(),
	})
	if o.iface != "" {
		env.say("recording from %s into %s; Ctrl-C ends it", o.iface, o.output)
	}
	err = o.runRecorder(ctx, env, r, "record", func() string { return describeCapture(c.Counts(), r.Counts()) },
		func(ctx context.Context) error {
			if o.iface == "" {
				return c.Read(ctx, files...)
			}
			return captureLive(ctx, c, sources, log)
		})
	if o.iface == "" && interrupted() != nil {
		err = errors.Join(interrupted(), err) // the files were not read to their end
	}
	n := c.Counts()
	if err != nil && n.Packets == 0 && n.Flows == 0 {
		return errors.Join(err, ignoreMissing(os.Remove(o.output))) // nothing was ever recorded
	}
	err = errors.Join(err, o.tell(env, r, describeCapture(n, r.Counts()), captureFigures{
		r.Counts(), n.Packets, n.KernelDrops, n.Gaps, n.Missing, n.Unparsed, n.MidStream, n.Shed, n.Damaged,
	}))
	if hint := o.whyNothing(n); hint != "" && err == nil {
		env.say("note: %s", hint)
	}
	return err
}

// captureFigures are what record capture --json prints.
type captureFigures struct {
	record.Counts
	Packets        uint64 `json:"packets"`
	PacketsDropped uint64 `json:"packets_dropped"` // by the kernel
	Gaps           uint64 `json:"gaps"`
	BytesMissing   uint64 `json:"bytes_missing"`
	UnparsedBytes  uint64 `json:"unparsed_bytes"`
	MidStream      uint64 `json:"mid_stream"` // connections without a beginning
	Shed           uint64 `json:"shed"`       // flows given up for lack of memory
	Damaged        uint64 `json:"damaged"`    // places in the files
}

// listen opens the interface, if packets are to be taken from one.
func (o *captureOptions) listen(filter packet.Filter) ([]packet.Source, error) {
	if o.iface == "" {
		return nil, nil
	}
	sources, err := packet.Listen(o.iface, packet.LiveOptions{Readers: o.readers, RingBytes: int(o.ring), Filter: filter})
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("%w; or let tcpdump -w write a file, and name it with --read", err)
	}
	return sources, err
}

// captureLive takes packets from an interface until ctx is done. The key log is
// read as it grows.
func captureLive(ctx context.Context, c *capture.Capture, sources []packet.Source, log *keyLog) error {
	followed := make(chan struct{})
	following, stop := context.WithCancel(ctx)
	go func() { defer close(followed); log.follow(following) }()
	err := c.Live(ctx, sources)
	stop()
	<-followed
	return err
}

// whyNothing says what may be wrong when there were packets and no flow.
func (o *captureOptions) whyNothing(n capture.Counts) string {
	switch {
	case n.Flows > 0 || n.Packets == 0:
		return ""
	case n.Segments == 0:
		return "no TCP packet passed the filter; look at --port, --host, --net and --vlan"
	case n.Unparsed == 0:
		return "the packets hold no content; capture with a larger snap length, or for longer"
	case o.keylog == "":
		return "no HTTP was found; if it is TLS, name its secrets with --keylog"
	}
	return "no HTTP was found; if it is TLS, " + o.keylog + " does not hold its secrets: it has to be written while the connections are opened"
}

func closeAll(sources []packet.Source) error {
	var errs []error
	for _, src := range sources {
		errs = append(errs, src.Close())
	}
	return errors.Join(errs...)
}

func ignoreMissing(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return err
}

// packets returns the filter of packets.
func (o *captureOptions) packets() (f packet.Filter, err error) {
	for _, s := range o.ports {
		n, err := strconv.ParseUint(s, 10, 16)
		if err != nil || n == 0 {
			return f, usagef("--port %q: write a number from 1 to 65535", s)
		}
		f.Ports = append(f.Ports, uint16(n))
	}
	for _, s := range o.vlans {
		n, err := strconv.ParseUint(s, 10, 12)
		if err != nil || n == 0 {
			return f, usagef("--vlan %q: write a number from 1 to 4095", s)
		}
		f.VLANs = append(f.VLANs, uint16(n))
	}
	for _, s := range o.hosts {
		a, err := netip.ParseAddr(s)
		if err != nil {
			return f, usagef("--host %q: write an IP address; names are not looked up", s)
		}
		f.Hosts = append(f.Hosts, a)
	}
	for _, s := range o.nets {
		p, err := netip.ParsePrefix(s)
		if err != nil {
			return f, usagef("--net %q: write a network as 10.0.0.0/8", s)
		}
		f.Nets = append(f.Nets, p)
	}
	return f, nil
}

// waitAbove is how many bytes may wait for the disk before reading files pauses.
const waitAbove = 16 << 20

// A patientSink makes the reading of a capture file wait for the disk. The
// recorder does not wait: it sheds traffic when the disk is slow, and what is in
// a file can be read later.
type patientSink struct {
	*record.Recorder
	ctx  context.Context
	full func()
}

// sink returns where the capture puts its flows. full is called when the recorder
// has stopped for good, as when its disk is full.
func (o *captureOptions) sink(ctx context.Context, r *record.Recorder, full func()) exchange.Sink {
	if o.iface != "" {
		return r
	}
	return patientSink{Recorder: r, ctx: ctx, full: full}
}

// Flow waits while the disk is behind, and then records f.
func (s patientSink) Flow(f *flow.Flow) {
	s.pause()
	s.Recorder.Flow(f)
}

// pause waits while more than waitAbove is queued.
func (s patientSink) pause() {
	for {
		n := s.Recorder.Counts()
		if n.Stopped != "" {
			s.full()
		}
		if n.Queued < waitAbove || n.Stopped != "" || !every(s.ctx, time.Millisecond) {
			return
		}
	}
}

// captureFiles returns the files to read, which are opened one after the other.
func captureFiles(ctx context.Context, env environment, paths []string) (files []io.Reader, err error) {
	for _, path := range paths {
		if path == "-" {
			files = append(files, endsWith(ctx, env.stdin))
			continue
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("read capture file: %w", err)
		}
		if info.IsDir() {
			return nil, errFolder(path)
		}
		var file io.Reader = &captureFile{path: path}
		if !info.Mode().IsRegular() {
			file = pipedFile{endsWith(ctx, file), path}
		}
		files = append(files, file)
	}
	return files, nil
}

// A pipedFile is a file that another program may be slow to fill.
type pipedFile struct {
	io.Reader
	path string
}

func (f pipedFile) Name() string { return f.path }

// endsWith reads r until ctx is done. At that moment it ends, even if r is still
// waiting for data.
func endsWith(ctx context.Context, r io.Reader) io.ReadCloser {
	out, in := io.Pipe()
	go func() {
		_, err := io.Copy(in, r)
		in.CloseWithError(err)
	}()
	context.AfterFunc(ctx, func() { in.Close() })
	return out
}

// A captureFile is a file that opens at the first Read and closes at its end.
type captureFile struct {
	path string
	file *os.File
	over bool
}

func (f *captureFile) Name() string { return f.path }

func (f *captureFile) Read(p []byte) (int, error) {
	if f.over {
		return 0, io.EOF
	}
	if f.file == nil {
		file, err := os.Open(f.path)
		if err != nil {
			return 0, err
		}
		f.file = file
	}
	n, err := f.file.Read(p)
	if err != nil {
		f.over = true
		err = errors.Join(err, f.file.Close())
		if n > 0 {
			err = nil
		} else if errors.Is(err, io.EOF) {
			err = io.EOF
		}
	}
	return n, err
}

// A keyLog is a key log file that may grow.
type keyLog struct {
	file *os.File // nil: none
	keys *decrypt.Keys
}

// openKeyLog reads a key log as far as it is written.
func openKeyLog(path string, keys *decrypt.Keys) (*keyLog, error) {
	l := &keyLog{keys: keys}
	if path == "" {
		return l, nil
	}
	var err error
	if l.file, err = os.Open(path); err != nil {
		return nil, fmt.Errorf("read key log: %w; create it first if it is still to be written", err)
	}
	return l, l.more()
}

// more reads what has been added since the last call.
func (l *keyLog) more() error {
	buf := make([]byte, 64<<10)
	for {
		n, err := l.file.Read(buf)
		l.keys.AddLog(buf[:n])
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read key log: %w", err)
		}
	}
}

// follow goes on reading what is added, until ctx is done.
func (l *keyLog) follow(ctx context.Context) {
	for l.file != nil && every(ctx, 100*time.Millisecond) {
		if l.more() != nil {
			return
		}
	}
}

func (l *keyLog) close() {
	if l.file != nil {
		l.file.Close()
	}
}

// describeCapture says what was found and what is missing.
func describeCapture(n capture.Counts, r record.Counts) string {
	text := []string{describeCounts(r), "from " + english.Plural(int(n.Packets), "packet", "")}
	for _, part := range []struct {
		n    uint64
		text string
	}{
		{n.KernelDrops, english.Plural(int(n.KernelDrops), "packet", "") + " dropped by the kernel"},
		{n.Gaps, fmt.Sprintf("%s (%s missing)", english.Plural(int(n.Gaps), "hole", ""), humanize.IBytes(uint64(n.Missing)))},
		{n.Unparsed, humanize.IBytes(uint64(n.Unparsed)) + " not understood"},
		{n.MidStream, english.Plural(int(n.MidStream), "connection", "") + " without a beginning"},
		{n.Shed, english.Plural(int(n.Shed), "flow", "") + " given up for lack of memory"},
		{n.Damaged, english.Plural(int(n.Damaged), "damaged place", "") + " in the file"},
	} {
		if part.n > 0 {
			text = append(text, part.text)
		}
	}
	return strings.Join(text, ", ")
}
