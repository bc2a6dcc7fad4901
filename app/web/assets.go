package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"

	"github.com/gin-gonic/gin"
)

// assetTypes are the kinds of file that may lie in the assets folder. A kind
// that is not listed is an error at start, so that none is sent with a guessed type.
var assetTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".txt":  "text/plain; charset=utf-8",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".jpg":  "image/jpeg",
	".gif":  "image/gif",
	".ico":  "image/x-icon",
	".pdf":  "application/pdf",
	".woff": "font/woff",
	".mp3":  "audio/mpeg",
}

// assets are the files of the assets folder, held in memory, under one hash
// for all of them: a style sheet can then name an image beside it.
type assets struct {
	hash  string
	files map[string]asset
}

type asset struct {
	kind   string
	etag   string
	plain  []byte
	packed []byte // gzip; nil where it saves nothing
}

// loadAssets reads and packs the folder. A missing folder is an empty one.
func loadAssets(files fs.FS) (*assets, error) {
	all := &assets{files: map[string]asset{}}
	sum := sha256.New()
	err := fs.WalkDir(files, "assets", func(name string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) && name == "assets" {
			return nil
		}
		if err != nil || d.IsDir() {
			return err
		}
		if name == notice {
			return nil
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		name = strings.TrimPrefix(name, "assets/")
		one, err := newAsset(name, body)
		if err != nil {
			return err
		}
		all.files[name] = one
		_, err = io.WriteString(sum, name+"\x00"+one.etag+"\x00")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read assets: %w", err)
	}
	all.hash = hex.EncodeToString(sum.Sum(nil))[:16]
	return all, nil
}

// notice names what others have made; it is for who builds the program.
const notice = "assets/NOTICE"

func newAsset(name string, body []byte) (asset, error) {
	kind, ok := assetTypes[path.Ext(name)]
	if !ok {
		return asset{}, fmt.Errorf("%s: no type for files of this kind", name)
	}
	if path.Ext(name) == ".css" {
		body = tighten(body)
	}
	sum := sha256.Sum256(body)
	one := asset{kind: kind, etag: hex.EncodeToString(sum[:8]), plain: body}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return asset{}, err
	}
	if _, err := w.Write(body); err != nil {
		return asset{}, err
	}
	if err := w.Close(); err != nil {
		return asset{}, err
	}
	if packed.Len() < len(body)*9/10 {
		one.packed = packed.Bytes()
	}
	return one, nil
}

var remarks = regexp.MustCompile(`(?s)/\*.*?\*/`)

// tighten takes out of a style sheet what only its authors read: it stands
// before the first word that a browser draws.
func tighten(sheet []byte) []byte {
	var out bytes.Buffer
	for line := range bytes.Lines(remarks.ReplaceAll(sheet, nil)) {
		line = bytes.TrimSpace(line)
		for _, sign := range []string{" {", "{ ", "; ", ": ", ", ", " }"} {
			line = bytes.ReplaceAll(line, []byte(sign), []byte(strings.TrimSpace(sign)))
		}
		out.Write(bytes.TrimSuffix(line, []byte(" ")))
		if len(line) > 0 && !bytes.ContainsAny(line[len(line)-1:], "{};,") {
			out.WriteByte(' ')
		}
	}
	return bytes.ReplaceAll(out.Bytes(), []byte(";}"), []byte("}"))
}

// path is where a browser finds the file; an unknown name is an error.
func (a *assets) path(name string) (string, error) {
	if _, ok := a.files[name]; !ok {
		return "", fmt.Errorf("no asset %q", name)
	}
	return "/assets/" + a.hash + "/" + name, nil
}

// serveAsset sends a file. Only the present hash may be cached for ever; a page
// of another release still gets a style sheet.
func (s *Site) serveAsset(c *gin.Context) error {
	one, ok := s.assets.files[strings.TrimPrefix(c.Param("name"), "/")]
	if !ok {
		return statusError(http.StatusNotFound)
	}
	return one.send(c, c.Param("hash") == s.assets.hash)
}

// send answers with a file, which browsers may keep for ever if it is current.
func (one asset) send(c *gin.Context, current bool) error {
	body, etag := one.plain, `"`+one.etag+`"`
	if one.packed != nil {
		c.Header("Vary", "Accept-Encoding")
		if acceptsGzip(c.GetHeader("Accept-Encoding")) {
			body, etag = one.packed, `"`+one.etag+`-gz"`
			c.Header("Content-Encoding", "gzip")
		}
	}
	c.Header("Etag", etag)
	c.Header("Cache-Control", "no-cache")
	if current {
		c.Header("Cache-Control", "public, max-age=31536000, immutable")
	}
	if strings.Contains(c.GetHeader("If-None-Match"), etag) {
		c.Status(http.StatusNotModified)
		return nil
	}
	c.Header("Content-Type", one.kind)
	c.Status(http.StatusOK)
	_, err := c.Writer.Write(body)
	return err
}

// acceptsGzip reads Accept-Encoding: gzip named, and not refused by q=0.
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, q, _ := strings.Cut(strings.ReplaceAll(part, " ", ""), ";")
		if strings.EqualFold(coding, "gzip") {
			return !strings.HasPrefix(q, "q=0") || strings.ContainsAny(q[len("q=0"):], "123456789")
		}
	}
	return false
}
