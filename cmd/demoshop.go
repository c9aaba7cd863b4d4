package cmd

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/starling-load/starling/fixtures/shop"
)

// demoShopCommand serves the shop alone: the demo starts two of it, and people
// can play with it.
func demoShopCommand(env environment) *cobra.Command {
	var listen string
	var faults []string
	var seed uint64
	var latency float64
	cmd := &cobra.Command{
		Use:   "shop",
		Short: "Serve the demo's shop alone, to play with",
		Long: `Serve the demo's shop until Ctrl-C, and print its address. "starling demo" writes
its accounts to demo/accounts.csv. Faults make it a worse release.`,
		Example: `  starling demo shop --listen 127.0.0.1:9000
  starling demo shop --fault 'GET /api/products/{id}: latency=+30%' --fault 'POST /checkout: error=2%:503'`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !(latency >= 0 && latency <= maxLatency) {
				return usagef("--latency %v: give a factor from 0 to %d", latency, maxLatency)
			}
			o := shop.Options{Seed: seed, Latency: latency, Admin: true, Logger: env.logger()}
			for _, text := range faults {
				fault, err := shop.ParseFault(text)
				if err != nil {
					return usageError{err}
				}
				o.Faults = append(o.Faults, fault)
			}
			return serveShop(cmd.Context(), env, listen, o)
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:9000", "`ADDRESS` to listen on; port 0 takes a free one")
	cmd.Flags().StringArrayVar(&faults, "fault", nil, "make an endpoint worse by a `FAULT`, as 'GET /search: latency=+30%'; may be repeated")
	cmd.Flags().Uint64Var(&seed, "seed", 1, "`NUMBER` that seeds catalogue, accounts and latencies")
	cmd.Flags().Float64Var(&latency, "latency", 1, "`FACTOR` on the simulated latency of 4 to 20 ms; 0 is none")
	return cmd
}

// maxLatency is the greatest factor on the latency of the demo's shop.
const maxLatency = 1000

// serveShop serves the demo's shop until ctx ends. Its URL is the first line on
// stdout.
func serveShop(ctx context.Context, env environment, listen string, o shop.Options) error {
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return fmt.Errorf("listen for the shop: %w", err)
	}
	s, err := shop.New(o)
	if err != nil {
		listener.Close()
		return err
	}
	defer s.Close()
	fmt.Fprintf(env.stdout, "http://%s\n", listener.Addr())
	return s.Serve(ctx, listener)
}

// startShop starts the shop as a process of its own, so that it does not share
// the replayers' clock and memory. stop ends it.
func startShop(ctx context.Context, env environment, seed uint64, faults ...string) (url string, stop func(), err error) {
	args := []string{"demo", "shop", "--listen", "127.0.0.1:0", "--seed", strconv.FormatUint(seed, 10), "--latency", "2"}
	for _, f := range faults {
		args = append(args, "--fault", f)
	}
	var out io.Reader
	c, err := startChild(env, args, nil, func(cmd *exec.Cmd) (err error) {
		out, err = cmd.StdoutPipe()
		return err
	})
	if err != nil {
		return "", nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		c.stop()
		return "", nil, errors.New("the shop did not start; see its message above")
	}
	return strings.TrimSpace(line), c.stop, ctx.Err()
}

// refusals asks the shop how many requests it has refused because of a token,
// session or id that was not the sender's.
func refusals(ctx context.Context, base string) (uint64, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, base+"/admin/stats", nil)
	if err != nil {
		return 0, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, fmt.Errorf("ask the shop for its refusals: %w", err)
	}
	defer resp.Body.Close()
	var s shop.Stats
	if err := json.NewDecoder(resp.Body).Decode(&s); err != nil {
		return 0, fmt.Errorf("read the shop's refusals: %w", err)
	}
	var n uint64
	for _, kind := range []string{shop.KindCSRF, shop.KindToken, shop.KindExpired, shop.KindSession, shop.KindOrder, shop.KindCart} {
		n += s.Refused[kind]
	}
	return n, nil
}
