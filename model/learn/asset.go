package learn

import (
	"path"
	"slices"
	"strings"

	"github.com/starling-load/starling/model/content"
)

// assetMedia are the media types of what a page loads for its looks and its
// scripts (the destinations font, image, script and style of the Fetch
// Standard). A type that ends in a slash stands for all that begin with it.
var assetMedia = [...]string{
	"image/", "font/", "text/css", "text/javascript", "application/javascript", "application/x-javascript",
	"application/font-woff", "application/vnd.ms-fontobject",
}

// assetEndings are the endings of their files. They count where no answer tells a media
// type, as in access logs.
var assetEndings = [...]string{
	".avif", ".bmp", ".css", ".eot", ".gif", ".ico", ".jpeg", ".jpg", ".js", ".mjs", ".otf", ".png", ".svg", ".tif", ".tiff", ".ttf",
	".webp", ".woff", ".woff2", ".xbm",
}

// findAssets notes the endpoints that were only read and that answered only with
// assets. Pages request them; users do not choose them.
func (l *learner) findAssets() {
	l.assets = map[string]bool{}
	other := map[string]bool{}
	for _, v := range l.sessions {
		for _, s := range v.exchanges {
			switch media := content.New(s.Flow.Response).Media(); {
			case s.Flow.Request.Method != "GET" && s.Flow.Request.Method != "HEAD":
				other[s.Endpoint] = true
			case isAsset(media), media == "" && namesAsset(s.Flow.Request.Target):
				l.assets[s.Endpoint] = true
			case s.Flow.Response.Status/100 == 2 && (media != "" || s.Flow.Response.Body.Size > 0):
				other[s.Endpoint] = true
			}
		}
	}
	for name := range other {
		delete(l.assets, name)
	}
}

func isAsset(media string) bool {
	for _, m := range assetMedia {
		if media == m || strings.HasSuffix(m, "/") && strings.HasPrefix(media, m) {
			return true
		}
	}
	return false
}

// namesAsset reports whether a request asks for a file with the ending of an asset.
func namesAsset(target string) bool {
	target, _, _ = strings.Cut(target, "?")
	ending := strings.ToLower(path.Ext(target))
	return slices.Contains(assetEndings[:], ending)
}
