package folder

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

func mapping() *yaml.Node  { return &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"} }
func sequence() *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"} }

// oneLine sets n in one line.
func oneLine(n *yaml.Node) *yaml.Node {
	n.Style = yaml.FlowStyle
	return n
}

// text returns s as a string, in a style that reads back as the same string.
func text(s string) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s}
	switch odd := strings.ContainsFunc(s, func(c rune) bool { return c != '\n' && !unicode.IsPrint(c) }); {
	case !utf8.ValidString(s):
		n.Tag, n.Value = "!!binary", base64.StdEncoding.EncodeToString([]byte(s))
	case odd || strings.HasSuffix(s, "\n\n") || s != "" && unicode.IsSpace(rune(s[0])) || strings.Contains(s, " \n"):
		n.Style = yaml.DoubleQuotedStyle
	case strings.Contains(s, "\n"):
		n.Style = yaml.LiteralStyle
	}
	return n
}

// texts returns strings one below the other.
func texts(list []string) *yaml.Node {
	n := sequence()
	for _, s := range list {
		n.Content = append(n.Content, text(s))
	}
	return n
}

// plain returns s without quotes.
func plain(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: s} }

func number(i int) *yaml.Node { return plain(strconv.Itoa(i)) }

func decimal(x float64) *yaml.Node { return plain(strconv.FormatFloat(x, 'f', -1, 64)) }

// put adds a key to n.
func put(n *yaml.Node, key string, value *yaml.Node) {
	n.Content = append(n.Content, text(key), value)
}

// putSome adds a key to n unless the value is empty.
func putSome(n *yaml.Node, key string, value *yaml.Node) {
	if len(value.Content) > 0 {
		put(n, key, value)
	}
}

func putText(n *yaml.Node, key, s string) {
	if s != "" {
		put(n, key, text(s))
	}
}

func putNumber(n *yaml.Node, key string, i int) {
	if i != 0 {
		put(n, key, number(i))
	}
}

// yamlHead begins every model.yaml.
const yamlHead = "# How users behave, for \"starling replay\". The keys are explained in model/folder/FORMAT.md of Starling.\n\n"

// printYAML prints root with an empty line before each section, behavior and
// endpoint.
func printYAML(root *yaml.Node) []byte {
	var raw bytes.Buffer
	enc := yaml.NewEncoder(&raw)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(root), enc.Close()); err != nil {
		panic("model: nodes that are no YAML: " + err.Error()) // all nodes are made of valid texts
	}
	var out bytes.Buffer
	out.WriteString(yamlHead)
	section, first := "", true
	for line := range strings.Lines(raw.String()) {
		switch {
		case line[0] != ' ' && line[0] != '\n':
			section, _, _ = strings.Cut(line, ":")
			if section != "version" {
				out.WriteByte('\n')
			}
			first = true
		case (section == "behaviors" || section == "endpoints" || section == "browsers") && strings.HasPrefix(line, "  ") && line[2] != ' ' && line[2] != ':':
			if !first {
				out.WriteByte('\n')
			}
			first = false
		}
		out.WriteString(line)
	}
	return out.Bytes()
}

// seconds writes d as a decimal number of seconds, exactly.
func seconds(d time.Duration) string {
	sign := ""
	u := uint64(d)
	if d < 0 {
		sign, u = "-", -u
	}
	s := fmt.Sprintf("%s%d.%09d", sign, u/1e9, u%1e9)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}
