package filter

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var errOperator = errors.New("the operator does not fit")

// textTest compiles the operator and its value; negated is for "!=" and "!~".
func textTest(op, value string) (test func(string) bool, negated bool, err error) {
	switch op {
	case "=", "!=":
		if !strings.Contains(value, "*") {
			return func(s string) bool { return s == value }, op == "!=", nil
		}
		return func(s string) bool { return glob(value, s) }, op == "!=", nil
	case "~", "!~":
		re, err := regexp.Compile(value)
		if err != nil {
			return nil, false, err
		}
		return re.MatchString, op == "!~", nil
	}
	return nil, false, errOperator
}

// numberTest compiles the operator.
func numberTest(op string, want int64) (func(int64) bool, error) {
	switch op {
	case "=":
		return func(n int64) bool { return n == want }, nil
	case "!=":
		return func(n int64) bool { return n != want }, nil
	case "<":
		return func(n int64) bool { return n < want }, nil
	case "<=":
		return func(n int64) bool { return n <= want }, nil
	case ">":
		return func(n int64) bool { return n > want }, nil
	case ">=":
		return func(n int64) bool { return n >= want }, nil
	}
	return nil, errOperator
}

func parseCount(s string) (int64, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no whole number", s)
	}
	return n, nil
}

func parseLength(s string) (int64, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("%.40q is no duration; write a number with its unit, as 250ms or 1.5s", s)
	}
	return int64(d), nil
}

// sizeUnits are tried in this order: longer names come first.
var sizeUnits = [...]struct {
	name  string
	bytes float64
}{
	{"kib", 1 << 10}, {"mib", 1 << 20}, {"gib", 1 << 30}, {"kb", 1e3}, {"mb", 1e6}, {"gb", 1e9},
	{"k", 1 << 10}, {"m", 1 << 20}, {"g", 1 << 30}, {"b", 1},
}

func parseSize(s string) (int64, error) {
	number, unit := strings.ToLower(s), 1.0
	for _, u := range sizeUnits {
		if rest, ok := strings.CutSuffix(number, u.name); ok {
			number, unit = rest, u.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n >= 0) || n*unit >= math.MaxInt64 {
		return 0, fmt.Errorf("%.40q is no size; write bytes, or a number with KiB, MiB, GiB, KB, MB or GB", s)
	}
	return int64(n * unit), nil
}

// timeLayouts are read as UTC where they name no zone.
var timeLayouts = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", "2006-01-02"}

func parseTime(s string) (time.Time, error) {
	for _, layout := range timeLayouts {
		// Outside of these years 64 bits cannot hold the time in nanoseconds.
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1700 && t.Year() <= 2200 {
			return t, nil
		}
	}
	return time.Time{}, fmt.Errorf("%.40q is no time; write it as 2026-05-04T10:00:00Z, or without Z, or the date alone, in UTC", s)
}
