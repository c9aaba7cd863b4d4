package cmd

import (
	"io/fs"
	"os"

	"github.com/starling-load/starling/record/convert"
	"github.com/starling-load/starling/record/convert/accesslog"
	"github.com/starling-load/starling/record/convert/curl"
	"github.com/starling-load/starling/record/convert/gor"
	"github.com/starling-load/starling/record/convert/har"
	"github.com/starling-load/starling/record/convert/mitm"
	"github.com/starling-load/starling/record/convert/netlog"
	"github.com/starling-load/starling/record/convert/postman"
	"github.com/starling-load/starling/record/convert/text"
)

// formats are those that flow import reads and flow export writes. environment is
// that of Postman, nil for none.
func (o *importOptions) formats(environment []byte) []convert.Format {
	var files fs.FS
	if o.files != "" {
		files = os.DirFS(o.files)
	}
	return []convert.Format{
		{Name: "har", In: har.Format{}, Out: har.Format{Version: version()}},
		{Name: "gor", In: gor.Format{}, Out: gor.Format{}},
		{Name: "mitm", In: mitm.Format{}},
		{Name: "log", In: o.log()},
		{Name: "curl", In: curl.Format{Files: files}, Out: curl.Format{}},
		{Name: "postman", In: postman.Format{Environment: environment, Files: files}},
		{Name: "netlog", In: netlog.Format{}},
		{Name: "pcap", In: packetFormat{}},
		{Name: "text", In: text.Format{}},
	}
}

func (o *importOptions) log() accesslog.Format {
	return accesslog.Format{Lines: o.logFormat, SessionGap: o.sessionGap}
}

// formatNames lists the formats, or those alone that can be written.
func formatNames(formats []convert.Format, written bool) (names []string) {
	for _, f := range formats {
		if !written || f.Out != nil {
			names = append(names, f.Name)
		}
	}
	return names
}

// formatNamed returns the format with the name, which is one of them.
func formatNamed(formats []convert.Format, name string) (found convert.Format) {
	for _, f := range formats {
		if f.Name == name {
			found = f
		}
	}
	return found
}
