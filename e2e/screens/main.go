// Screens makes the screenshot book (画面集): every page of both sites in every
// state, as the page tests hold it, in each language on a telephone and on a
// desk, in the light and in the dark, as PNG with an index to look through.
//
//	go run ./e2e/screens -out bin/screens
//
// The pages are the goldens of app/public and app/console, so that the book
// shows what the tests have checked, and nothing has to be set up for it. The
// goldens of the console leave the frame around a page out.
package main

import (
	"context"
	"flag"
	"fmt"
	"html"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"madoguchi/e2e/book"
)

func main() {
	out := flag.String("out", "bin/screens", "folder for the pictures")
	only := flag.String("only", "", "only pages whose name holds this")
	flag.Parse()
	if err := makeBook(*out, *only); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// shape is a way to look at a page.
type shape struct {
	name          string
	width, height int64
	phone, dark   bool
}

var (
	phone   = shape{name: "phone", width: 390, height: 844, phone: true}
	dark    = shape{name: "phone-dark", width: 390, height: 844, phone: true, dark: true}
	desktop = shape{name: "desktop", width: 1280, height: 800}
	desk    = shape{name: "desk", width: 1366, height: 768}
)

// picture is a page in one shape.
type picture struct {
	book.Page
	shape
}

func (p picture) file() string {
	return strings.ReplaceAll(strings.Join([]string{p.Site, p.Language, p.State, p.name}, "_"), "__", "_") + ".png"
}

func makeBook(out, only string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	pictures, err := list(only)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: book.Handler(".")}
	go server.Serve(l) //nolint:errcheck // it ends when it is closed
	defer server.Close()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("lang", "ja"),
		chromedp.WSURLReadTimeout(time.Minute))
	alloc, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	defer cancel()
	tab, cancelTab := chromedp.NewContext(alloc)
	defer cancelTab()
	if err := chromedp.Run(tab); err != nil {
		return err
	}
	for _, p := range pictures {
		if err := shoot(tab, "http://"+l.Addr().String(), p, filepath.Join(out, p.file())); err != nil {
			return fmt.Errorf("%s: %w", p.file(), err)
		}
	}
	return index(out, pictures)
}

// list is every page that the tests hold, in the shapes of its site.
func list(only string) ([]picture, error) {
	pages, err := book.Pages(".")
	if err != nil {
		return nil, err
	}
	var all []picture
	for _, p := range pages {
		shapes := []shape{phone, dark, desktop}
		if p.Site == "console" {
			shapes = []shape{desk}
		}
		for _, s := range shapes {
			if next := (picture{p, s}); strings.Contains(next.file(), only) {
				all = append(all, next)
			}
		}
	}
	return all, nil
}

func shoot(tab context.Context, site string, p picture, file string) error {
	ctx, cancel := context.WithTimeout(tab, time.Minute)
	defer cancel()
	scheme := "light"
	if p.dark {
		scheme = "dark"
	}
	var png []byte
	err := chromedp.Run(ctx,
		emulation.SetDeviceMetricsOverride(p.width, p.height, 1, p.phone),
		emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
		chromedp.Navigate(site+p.Address()),
		chromedp.FullScreenshot(&png, 100))
	if err != nil {
		return err
	}
	return os.WriteFile(file, png, 0o644)
}

// index is the page to look the book through.
func index(out string, pictures []picture) error {
	var b strings.Builder
	b.WriteString("<!DOCTYPE html><html lang=\"ja\"><head><meta charset=\"utf-8\"><title>画面集</title><style>body{font-family:sans-serif}" +
		"figure{display:inline-block;vertical-align:top;margin:.5rem;width:18rem}img{width:100%;border:1px solid #767676}h2{clear:both}</style></head><body><h1>画面集</h1>\n")
	group := func(p picture) string { return strings.TrimSpace(p.Site + " " + p.Language) }
	last := ""
	for _, p := range pictures {
		if g := group(p); g != last {
			fmt.Fprintf(&b, "<h2 id=\"%s\">%s</h2>\n", html.EscapeString(url.PathEscape(g)), html.EscapeString(g))
			last = g
		}
		fmt.Fprintf(&b, "<figure><a href=\"%[1]s\"><img src=\"%[1]s\" alt=\"%[2]s（%[3]s）\" loading=\"lazy\"></a><figcaption>%[2]s（%[3]s）</figcaption></figure>\n",
			html.EscapeString(url.PathEscape(p.file())), html.EscapeString(p.State), p.name)
	}
	b.WriteString("</body></html>\n")
	if err := os.WriteFile(filepath.Join(out, "index.html"), []byte(b.String()), 0o644); err != nil {
		return err
	}
	groups := []string{}
	for _, p := range pictures {
		if !slices.Contains(groups, group(p)) {
			groups = append(groups, group(p))
		}
	}
	_, err := fmt.Printf("%d枚（%s）: %s\n", len(pictures), strings.Join(groups, "、"), filepath.Join(out, "index.html"))
	return err
}
