package apptest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Client is a browser without scripts: it keeps cookies and fills forms in.
type Client struct {
	t    testing.TB
	base *url.URL
	http *http.Client
	// Header is sent with every request, above what a form needs.
	Header http.Header
	// Stay keeps the client from following redirects, to see them as they are.
	Stay bool
}

// NewClient serves handler on loopback for the time of the test and returns a
// client without cookies.
func NewClient(t testing.TB, handler http.Handler) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	base, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return newClient(t, base)
}

func newClient(t testing.TB, base *url.URL) *Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{t: t, base: base, Header: http.Header{}}
	c.http = &http.Client{Jar: jar, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if c.Stay {
			return http.ErrUseLastResponse
		}
		if len(via) > 9 {
			return errors.New("ten redirects")
		}
		return nil
	}}
	return c
}

// Another returns another person's browser on the same server.
func (c *Client) Another() *Client {
	c.t.Helper()
	return newClient(c.t, c.base)
}

// URL is the full address of a path on the server.
func (c *Client) URL(path string) string { return c.base.String() + path }

// Cookies are what the browser would send back.
func (c *Client) Cookies() []*http.Cookie { return c.http.Jar.Cookies(c.base) }

// SetCookies puts cookies into the browser.
func (c *Client) SetCookies(cookies ...*http.Cookie) { c.http.Jar.SetCookies(c.base, cookies) }

// Get opens a page.
func (c *Client) Get(path string) *Page {
	c.t.Helper()
	return c.must(c.Try(http.MethodGet, path, nil))
}

// Post sends values as a form would, nothing added.
func (c *Client) Post(path string, values url.Values) *Page {
	c.t.Helper()
	return c.must(c.Try(http.MethodPost, path, values))
}

// Try makes a request from any goroutine; values are the body of a POST.
func (c *Client) Try(method, path string, values url.Values) (*Page, error) {
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader(values.Encode())
	}
	r, err := http.NewRequest(method, c.URL(path), body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return c.Do(r)
}

// Do sends any request with the browser's cookies, from any goroutine.
func (c *Client) Do(r *http.Request) (_ *Page, err error) {
	for name, values := range c.Header {
		r.Header[name] = values
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	doc, err := html.Parse(strings.NewReader(string(body)))
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", r.URL.Path, err)
	}
	return &Page{Status: res.StatusCode, Header: res.Header, Path: res.Request.URL.RequestURI(), Body: string(body), Doc: doc, client: c}, nil
}

func (c *Client) must(p *Page, err error) *Page {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	return p
}

// Page is an answer, and what a person can do with it.
type Page struct {
	Status int
	Header http.Header
	Path   string // address with query, after redirects
	Body   string
	Doc    *html.Node

	client *Client
}

// Title is the text of the title element.
func (p *Page) Title() string { return strings.Join(p.Texts("title"), " ") }

// Text is what a person can read, with single spaces.
func (p *Page) Text() string { return TextOf(p.Doc) }

// Texts is the text of every element that selector finds.
func (p *Page) Texts(selector string) []string {
	var all []string
	for _, n := range p.FindAll(selector) {
		all = append(all, TextOf(n))
	}
	return all
}

// Follow opens the first link with this text.
func (p *Page) Follow(text string) *Page {
	p.client.t.Helper()
	for _, a := range p.FindAll("a[href]") {
		if TextOf(a) == text {
			return p.client.Get(p.resolve(Attr(a, "href")))
		}
	}
	p.client.t.Fatalf("no link %q on %s", text, p.Path)
	return nil
}

// resolve reads an address as a browser on this page does.
func (p *Page) resolve(address string) string {
	p.client.t.Helper()
	here, err := url.Parse(p.Path)
	if err != nil {
		p.client.t.Fatal(err)
	}
	to, err := here.Parse(address)
	if err != nil {
		p.client.t.Fatal(err)
	}
	if to.Host != "" {
		p.client.t.Fatalf("address leads away: %s", address)
	}
	return to.RequestURI()
}

// Submit sends a form as a browser would: with its hidden fields, what is
// filled in, chosen and ticked already, and overrides laid over that. form is
// the form's action ("/sign-in") or a selector ("#cancel"). Overriding a field
// that the form does not have, or choosing what it does not offer, fails the test.
func (p *Page) Submit(form string, overrides url.Values) *Page {
	p.client.t.Helper()
	action, method, values := p.Fill(form, overrides)
	if method == http.MethodPost {
		return p.client.Post(action, values)
	}
	path, _, _ := strings.Cut(action, "?")
	return p.client.Get(path + "?" + values.Encode())
}

// Upload submits a form with a file in one of its fields, as a browser sends
// multipart/form-data.
func (p *Page) Upload(form, field, fileName string, body []byte, overrides url.Values) *Page {
	p.client.t.Helper()
	action, method, values := p.Fill(form, overrides)
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for name, all := range values {
		for _, v := range all {
			if name == field {
				continue
			}
			if err := w.WriteField(name, v); err != nil {
				p.client.t.Fatal(err)
			}
		}
	}
	part, err := w.CreateFormFile(field, fileName)
	if err == nil {
		_, err = part.Write(body)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		p.client.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(p.client.t.Context(), method, p.client.URL(action), &out)
	if err != nil {
		p.client.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	return p.client.must(p.client.Do(r))
}

// Fill returns what Submit would send, for tests that send it twice.
func (p *Page) Fill(form string, overrides url.Values) (action, method string, values url.Values) {
	p.client.t.Helper()
	n := p.form(form)
	controls := controlsOf(n)
	values = url.Values{}
	for _, c := range controls {
		if _, overridden := overrides[c.name]; !overridden {
			values[c.name] = append(values[c.name], c.given...)
		}
	}
	for name, chosen := range overrides {
		for _, v := range chosen {
			if !offered(controls, name, v) {
				p.client.t.Fatalf("form %s on %s does not offer %s=%q", form, p.Path, name, v)
			}
		}
		values[name] = chosen
	}
	method = http.MethodGet
	if strings.EqualFold(Attr(n, "method"), "post") {
		method = http.MethodPost
	}
	return p.resolve(Attr(n, "action")), method, values
}

func (p *Page) form(form string) *html.Node {
	p.client.t.Helper()
	if !strings.HasPrefix(form, "/") {
		if found := p.FindAll(form); len(found) > 0 {
			return found[0]
		}
		p.client.t.Fatalf("no form %s on %s:\n%s", form, p.Path, p.Text())
	}
	for _, n := range p.FindAll("form") {
		if action := p.resolve(Attr(n, "action")); action == form {
			return n
		}
	}
	p.client.t.Fatalf("no form with action %s on %s (status %d):\n%s", form, p.Path, p.Status, p.Text())
	return nil
}

// control is one named part of a form.
type control struct {
	name    string
	given   []string // what is sent if nobody touches it
	choices []string // nil: anything can be typed
}

func controlsOf(form *html.Node) []control {
	var all []control
	for _, n := range findAll(form, "input[name], select[name], textarea[name], button[name]") {
		c := control{name: Attr(n, "name")}
		value := Attr(n, "value")
		switch {
		case HasAttr(n, "disabled"):
			continue
		case n.Data == "textarea":
			// The parser has taken the first line break away, as browsers do.
			c.given = []string{rawText(n)}
		case n.Data == "select":
			c.given, c.choices = chosen(n)
		case n.Data == "button" || Attr(n, "type") == "submit":
			c.choices = []string{value}
		case Attr(n, "type") == "checkbox" || Attr(n, "type") == "radio":
			if !HasAttr(n, "value") {
				value = "on"
			}
			c.choices = []string{value}
			if HasAttr(n, "checked") {
				c.given = []string{value}
			}
		default:
			c.given = []string{value}
		}
		all = append(all, c)
	}
	return all
}

// chosen lists what a select sends untouched, and all that it offers.
func chosen(n *html.Node) (given, choices []string) {
	for _, o := range findAll(n, "option") {
		value := TextOf(o)
		if HasAttr(o, "value") {
			value = Attr(o, "value")
		}
		choices = append(choices, value)
		if HasAttr(o, "selected") {
			given = []string{value}
		}
	}
	if given == nil && len(choices) > 0 && !HasAttr(n, "multiple") {
		given = choices[:1]
	}
	return given, choices
}

func offered(controls []control, name, value string) bool {
	for _, c := range controls {
		if c.name != name {
			continue
		}
		if c.choices == nil {
			return true
		}
		for _, v := range c.choices {
			if v == value {
				return true
			}
		}
	}
	return false
}
