package retry

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/flow"
)

// Patience is how often a user sends a request again that the target puts off, where
// nothing is known of how often users do.
const Patience = 3

// maxPutOff is the longest time for which a user waits when the target asks to come
// again later. Who is asked for more gives up.
const maxPutOff = 5 * time.Minute

// After reports whether an answer asks to send the request again, and after which
// time (RFC 9110, section 10.2.3).
func After(resp *flow.Response) (wait time.Duration, ok bool) {
	if resp == nil || resp.Status != http.StatusTooManyRequests && resp.Status != http.StatusServiceUnavailable {
		return 0, false
	}
	value := strings.TrimSpace(resp.Headers.Value("Retry-After"))
	if seconds, err := strconv.Atoi(value); err == nil {
		wait = time.Duration(seconds) * time.Second
		return wait, seconds >= 0 && seconds <= int(maxPutOff/time.Second)
	}
	at, err := http.ParseTime(value)
	if err != nil {
		return 0, false
	}
	wait = max(0, time.Until(at))
	return wait, wait <= maxPutOff
}

// AtSpeed returns the delay at recorded speed that takes d at a speed; 0 is the recorded
// one. The target does not know how fast a recording is played.
func AtSpeed(d time.Duration, speed float64) time.Duration {
	if speed == 0 {
		return d
	}
	return time.Duration(float64(d) * speed)
}
