package outcome

import (
	"net/http"
	"time"
)

const (
	atOnce      = time.Second // the longest pause after which a program goes on, not a user
	maxRenewing = 3           // requests that get a new token
)

// renewalsOf returns the pairs of answers of [renewals].
func renewalsOf(session *Session, of []*seen) (pairs [][2]*seen) {
	for _, pair := range renewals(session.Steps, func(k int) int { return of[k].status }) {
		pairs = append(pairs, [2]*seen{of[pair[0]], of[pair[1]]})
	}
	return pairs
}

// renewals returns the pairs of a request with credentials that was answered 401 and the
// same request that was accepted, where a program got new credentials in between.
func renewals(steps []Step, status func(int) int) (pairs [][2]int) {
	for k := range steps {
		if status(k) != http.StatusUnauthorized || !credentials(&steps[k]) {
			continue
		}
		for j := k + 1; j < len(steps) && j <= k+1+maxRenewing; j++ {
			if !follows(&steps[j], &steps[j-1]) || status(j) >= 400 {
				break
			}
			if j > k+1 && sameRequest(&steps[j], &steps[k]) {
				pairs = append(pairs, [2]int{k, j})
				break
			}
		}
	}
	return pairs
}

// Renewals returns the steps of a session that a program sent because a request was
// answered 401: those that got new credentials, and the same request again.
func Renewals(steps []Step) map[int]bool {
	var sent map[int]bool
	for _, pair := range renewals(steps, func(k int) int { return steps[k].Flow.Response.Status }) {
		for k := pair[0] + 1; k <= pair[1]; k++ {
			if sent == nil {
				sent = map[int]bool{}
			}
			sent[k] = true
		}
	}
	return sent
}

// credentials reports whether a request says who the user is.
func credentials(s *Step) bool {
	return s.Flow.Request.Headers.Has("Authorization") || s.Flow.Request.Headers.Has("Cookie")
}

// follows reports whether a step began at once when the one before it was over.
func follows(s, before *Step) bool {
	pause := s.Flow.Start.Sub(before.Flow.Start.Add(max(0, before.Flow.Done)))
	return pause >= 0 && pause <= atOnce
}

// sameRequest reports whether two steps ask the same.
func sameRequest(a, b *Step) bool {
	x, y := &a.Flow.Request, &b.Flow.Request
	return a.Endpoint == b.Endpoint && x.Method == y.Method && x.Target == y.Target && len(x.Body.Data) <= maxRepeated && string(x.Body.Data) == string(y.Body.Data)
}
