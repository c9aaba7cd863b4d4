package accesslog

import (
	"regexp"
	"time"
)

// envoyLines returns the format that Envoy and Istio write where nothing else is set:
//
//	[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%"
//	%RESPONSE_CODE% %RESPONSE_FLAGS% … %BYTES_RECEIVED% %BYTES_SENT% %DURATION%
//	%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%"
//	"%REQ(X-REQUEST-ID)%" "%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" …
//
// Istio has further fields between the flags and the bytes, and behind the host.
func envoyLines() (lineFormat, error) {
	expr, err := regexp.Compile(`^\[([^\]]+)\] "((?:[^"\\]|\\.)*)" (\d+|-) \S+(?: \S+ \S+ "[^"]*")? \d+ (\d+) (\d+) \S+ ` +
		`"([^"]*)" "((?:[^"\\]|\\.)*)" "([^"]*)" "([^"]*)"(?:\s.*)?$`)
	if err != nil {
		return nil, err
	}
	return &logPattern{expr: expr, sets: []setter{
		jsonTime(false), setRequest, setStatus, setSize, setDuration(time.Millisecond),
		setLine("X-Forwarded-For"), setLine("User-Agent"), setLine("X-Request-Id"), setHost,
	}}, nil
}
