// Package bench drives a running madoguchi as residents do, over HTTP, and
// measures it.
package bench

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"

	"golang.org/x/net/html"
)

// Resident is one visitor of the resident site with cookies of their own.
type Resident struct {
	site   string // such as http://127.0.0.1:8080
	client *http.Client
}

// NewResident makes a visitor. transport is shared, so that many visitors do
// not use up the machine's ports.
func NewResident(site string, transport http.RoundTripper) *Resident {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // never fails without options
	}
	return &Resident{site: strings.TrimSuffix(site, "/"), client: &http.Client{
		Transport: transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Answer is what the site said: redirects are not followed.
type Answer struct {
	Status   int
	Location string
	Body     []byte
}

// Get fetches a page.
func (r *Resident) Get(ctx context.Context, path string) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.site+path, nil)
	if err != nil {
		return Answer{}, err
	}
	return r.do(req)
}

// Send submits a form as a browser would.
func (r *Resident) Send(ctx context.Context, f Form) (Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, r.site+f.Action, strings.NewReader(f.Values.Encode()))
	if err != nil {
		return Answer{}, err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return r.do(req)
}

func (r *Resident) do(req *http.Request) (_ Answer, err error) {
	res, err := r.client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	body, err := io.ReadAll(res.Body)
	if closed := res.Body.Close(); err == nil {
		err = closed
	}
	return Answer{Status: res.StatusCode, Location: res.Header.Get("Location"), Body: body}, err
}

// Form is a form of a page with the values that a browser would send.
type Form struct {
	Action string
	Values url.Values
}

// FormTo finds the form that a page posts to an address that begins with a path.
func (a Answer) FormTo(path string) (Form, error) {
	doc, err := html.Parse(strings.NewReader(string(a.Body)))
	if err != nil {
		return Form{}, err
	}
	for n := range doc.Descendants() {
		if n.Data == "form" && attribute(n, "method") == "post" && strings.HasPrefix(attribute(n, "action"), path) {
			return readForm(n), nil
		}
	}
	return Form{}, fmt.Errorf("no form to %s on the page (status %d)", path, a.Status)
}

func readForm(form *html.Node) Form {
	f := Form{Action: attribute(form, "action"), Values: url.Values{}}
	for n := range form.Descendants() {
		name := attribute(n, "name")
		if name == "" || n.Data != "input" {
			continue
		}
		if kind := attribute(n, "type"); kind == "radio" || kind == "checkbox" || kind == "submit" {
			continue
		}
		f.Values.Set(name, attribute(n, "value"))
	}
	return f
}

// Links lists the targets on a page that begin with a path.
func (a Answer) Links(path string) []string {
	doc, err := html.Parse(strings.NewReader(string(a.Body)))
	if err != nil {
		return nil
	}
	var links []string
	for n := range doc.Descendants() {
		if href := attribute(n, "href"); n.Data == "a" && strings.HasPrefix(href, path) {
			links = append(links, href)
		}
	}
	return links
}

// Buttons lists what the buttons with a name on a page would send.
func (a Answer) Buttons(name string) []string {
	doc, err := html.Parse(strings.NewReader(string(a.Body)))
	if err != nil {
		return nil
	}
	var values []string
	for n := range doc.Descendants() {
		if n.Data == "button" && attribute(n, "name") == name {
			values = append(values, attribute(n, "value"))
		}
	}
	return values
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// SignIn signs in with a notice number and a date of birth (YYYY-MM-DD).
func (r *Resident) SignIn(ctx context.Context, number, birth string) error {
	page, err := r.Get(ctx, "/sign-in")
	if err != nil {
		return err
	}
	f, err := page.FormTo("/sign-in")
	if err != nil {
		return err
	}
	part := strings.Split(birth, "-")
	if len(part) != 3 {
		return fmt.Errorf("date of birth %q", birth)
	}
	f.Values.Set("notice_number", number)
	f.Values.Set("birth_era", "western")
	for i, name := range []string{"birth_year", "birth_month", "birth_day"} {
		f.Values.Set(name, part[i])
	}
	answer, err := r.Send(ctx, f)
	if err == nil && answer.Status != http.StatusSeeOther {
		err = fmt.Errorf("sign in: status %d", answer.Status)
	}
	return err
}

// Choose opens the page on which a slot is confirmed and returns its form.
func (r *Resident) Choose(ctx context.Context, slot string) (Form, error) {
	page, err := r.Get(ctx, "/check?slot="+url.QueryEscape(slot))
	if err != nil {
		return Form{}, err
	}
	return page.FormTo("/book")
}
