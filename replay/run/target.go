package run

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"

	"github.com/starling-load/starling/replay/client"
)

// dialTimeout is how long a target may take to accept a connection before a run
// begins.
const dialTimeout = 5 * time.Second

// reach returns an error if nobody listens at an origin that the job sends load to, or
// at its proxy. A run against nobody ends before it begins.
func (j Job) reach(ctx context.Context) error {
	o := j.Client
	o.DialTimeout = dialTimeout
	dialer, err := client.New(o)
	if err != nil {
		return err
	}
	for _, to := range j.Plan.Origins("") {
		err := dialer.Reach(ctx, client.Route{Origin: to.Live, Host: to.Host})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return j.unreachable(to.Live, err)
		}
	}
	return nil
}

// unreachable says what is wrong when nobody answers at an origin.
func (j Job) unreachable(origin string, err error) error {
	where := origin
	if j.Client.Proxy != "" {
		proxy, _ := url.Parse(j.Client.Proxy)
		where = "the proxy " + proxy.Host
	}
	var unknown *net.DNSError
	if errors.As(err, &unknown) {
		return fmt.Errorf("%s has no address; check the name", unknown.Name)
	}
	return fmt.Errorf("nobody answers at %s; is it running?", where)
}
