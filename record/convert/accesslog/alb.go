package accesslog

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/starling-load/starling/record/convert/loose"
	"github.com/starling-load/starling/record/flow"
)

// albLines reads the access logs of the Application Load Balancer of AWS: fields with a
// space between them, those that may hold a space in quotes.
//
//	type time elb client:port target:port request_processing_time
//	target_processing_time response_processing_time elb_status_code
//	target_status_code received_bytes sent_bytes "request" "user_agent" …
type albLines struct{}

// The numbers of the fields, and how many a line has at least.
const (
	albType, albTime, albClient = 0, 1, 3
	albWaits                    = 5 // three durations in seconds, -1 for none
	albStatus, albSent          = 8, 11
	albRequest, albAgent        = 12, 13
	albCreated                  = 21
	albLeast                    = 14
)

var errALB = errors.New("not a line of an Application Load Balancer")

func (albLines) parse(line string) (*record, error) {
	fields := quotedFields(line)
	if len(fields) < albLeast {
		return nil, errALB
	}
	switch fields[albType] {
	case "http", "https", "h2", "grpcs", "ws", "wss":
	default:
		return nil, errALB
	}
	end, ok := loose.Time(fields[albTime])
	if !ok {
		return nil, errALB
	}
	r := &record{at: end, atEnd: true}
	if err := setClient(r, fields[albClient]); err != nil {
		return nil, err
	}
	if err := setRequest(r, fields[albRequest]); err != nil || r.method == "-" {
		return nil, errors.New("its request line is not one of HTTP")
	}
	if agent := fields[albAgent]; agent != "-" && agent != "" {
		r.headers = append(r.headers, flow.Header{Name: "User-Agent", Value: agent})
	}
	waits := [3]time.Duration{}
	for i := range waits {
		if n, err := strconv.ParseFloat(fields[albWaits+i], 64); err == nil && n > 0 {
			waits[i] = scaled(n, time.Second)
		}
	}
	r.firstByte = waits[0] + waits[1]
	r.duration = r.firstByte + waits[2]
	if len(fields) > albCreated {
		if start, ok := loose.Time(fields[albCreated]); ok && !start.After(end) {
			r.at, r.atEnd, r.duration = start, false, max(end.Sub(start), r.duration)
		}
	}
	for _, f := range []struct {
		at  int
		set setter
	}{{albStatus, setStatus}, {albSent, setSize}} {
		if fields[f.at] == "-" {
			continue
		}
		if err := f.set(r, fields[f.at]); err != nil {
			return nil, err
		}
	}
	return r, nil
}

// quotedFields splits a line at spaces outside of quotes. What stands in quotes is one
// field, with the escapes of Apache.
func quotedFields(line string) (fields []string) {
	for line = strings.TrimLeft(line, " "); line != ""; line = strings.TrimLeft(line, " ") {
		if line[0] != '"' {
			field, rest, _ := strings.Cut(line, " ")
			fields, line = append(fields, field), rest
			continue
		}
		end := 1
		for end < len(line) && line[end] != '"' {
			if line[end] == '\\' {
				end++
			}
			end++
		}
		end = min(end, len(line))
		fields = append(fields, unescape(line[1:end]))
		line = line[min(end+1, len(line)):]
	}
	return fields
}
