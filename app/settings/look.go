package settings

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"madoguchi/app/audit"
	"madoguchi/app/picture"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of how the sites look.
var (
	ColourForm   = problem.Define(problem.Invalid, "colour_form")
	ColourPale   = problem.Define(problem.Invalid, "colour_pale")
	LogoForm     = problem.Define(problem.Invalid, "logo_form")
	LogoTooLarge = problem.Define(problem.Invalid, "logo_too_large")
	LogoNotFound = problem.Define(problem.NotFound, "logo_not_found")
)

// LogoBytes is what a logo may weigh as it is uploaded. What is kept is twice as
// high as it is shown, and light enough for a slow line.
const LogoBytes = 1 << 20

var logoBox = picture.Box{Width: 480, Height: 96, Bytes: 8 << 10}

// Where the town's look is seen.
const (
	LookBoth     = "both"     // on both sites
	LookResident = "resident" // on the resident site only
)

// LogoFacts are what pages need of the logo; the zero value is no logo.
type LogoFacts struct {
	Hash          string // its address
	Width, Height int    // pixels as it is kept
}

// Shown is the logo's size on pages, in CSS pixels: at most 48 high, so that it
// is sharp on telephones too.
func (l LogoFacts) Shown() (width, height int) {
	if l.Height <= 48 {
		return l.Width, l.Height
	}
	return max(1, l.Width*48/l.Height), 48
}

// leastContrast is what text needs against its ground (WCAG 2.2, 1.4.3).
const leastContrast = 4.5

// darkestGround is the darkest ground on which links stand.
const darkestGround = "#f2f2f2"

var colourForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// colour reads a colour on which white text can be read, and which can be read as
// text on every ground of the pages; "" is the usual one.
func colour(field func(*Settings) *string) entry {
	return entry{
		read: func(s *Settings, v string) error {
			if v != "" && !colourForm.MatchString(v) {
				return ColourForm
			}
			if v != "" && Contrast(v) < leastContrast {
				least := strconv.FormatFloat(leastContrast, 'f', 1, 64)
				return ColourPale.With("contrast", strconv.FormatFloat(math.Floor(Contrast(v)*10)/10, 'f', 1, 64)).With("least", least)
			}
			*field(s) = v
			return nil
		},
		write: func(s Settings) string { return *field(&s) },
	}
}

// Contrast is the contrast ratio (WCAG 2.2) of a colour against the darkest
// ground of the pages; against white it is higher.
func Contrast(colour string) float64 {
	return (luminance(darkestGround) + 0.05) / (luminance(colour) + 0.05)
}

// luminance is WCAG's relative luminance of #rrggbb; of anything else that of white.
func luminance(colour string) float64 {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return 1
	}
	sum := 0.0
	for i, weight := range []float64{0.0722, 0.7152, 0.2126} {
		c := float64(n>>(8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		sum += weight * c
	}
	return sum
}

// Darker is a colour for what the mouse is over.
func Darker(colour string) string {
	n, err := strconv.ParseUint(strings.TrimPrefix(colour, "#"), 16, 32)
	if err != nil {
		return colour
	}
	return fmt.Sprintf("#%02x%02x%02x", (n>>16&0xff)*7/10, (n>>8&0xff)*7/10, (n&0xff)*7/10)
}

func oneOf(field func(*Settings) *string, values ...string) entry {
	return entry{
		read: func(s *Settings, v string) error {
			for _, one := range values {
				if v == one {
					*field(s) = v
					return nil
				}
			}
			return ErrValue
		},
		write: func(s Settings) string { return *field(&s) },
	}
}

var logoText = regexp.MustCompile(`^([0-9a-f]{64}) ([0-9]{1,3})x([0-9]{1,3})$`)

// logoFacts keeps of the logo what every page needs, beside the other settings.
func logoFacts() entry {
	return entry{
		read: func(s *Settings, v string) error {
			m := logoText.FindStringSubmatch(v)
			if m == nil && v != "" {
				return ErrValue
			}
			s.Logo = LogoFacts{}
			if m == nil {
				return nil
			}
			s.Logo.Hash = m[1]
			_, err := fmt.Sscanf(m[2]+" "+m[3], "%d %d", &s.Logo.Width, &s.Logo.Height)
			return err
		},
		write: func(s Settings) string {
			if s.Logo.Hash == "" {
				return ""
			}
			return fmt.Sprintf("%s %dx%d", s.Logo.Hash, s.Logo.Width, s.Logo.Height)
		},
	}
}

// Logo is the picture at the top of the sites (ロゴ), a PNG.
type Logo struct{ Body []byte }

// SetLogo replaces the logo, or takes it away when body is empty. Problems on
// "logo": LogoTooLarge, LogoForm.
func SetLogo(tx *store.Tx, by audit.Actor, body []byte) error {
	facts := LogoFacts{}
	if _, err := tx.Exec(`DELETE FROM logo`); err != nil {
		return fmt.Errorf("remove logo: %w", err)
	}
	if len(body) > 0 {
		p, err := picture.Redraw(body, LogoBytes, logoBox)
		switch {
		case errors.Is(err, picture.ErrTooLarge):
			return LogoTooLarge.On("logo")
		case errors.Is(err, picture.ErrForm):
			return LogoForm.On("logo")
		case err != nil:
			return err
		}
		facts = LogoFacts{p.Hash, p.Width, p.Height}
		if _, err := tx.Exec(`INSERT INTO logo (id, hash, body) VALUES (1, ?, ?)`, p.Hash, p.Body); err != nil {
			return fmt.Errorf("keep logo: %w", err)
		}
	}
	return Set(tx, by, "look.logo", logoFacts().write(Settings{Logo: facts}))
}

// LogoByHash is the logo by its address. Problem: LogoNotFound.
func LogoByHash(tx *store.Tx, hash string) (Logo, error) {
	l, err := store.One[Logo](tx, `SELECT body FROM logo WHERE hash = ?`, hash)
	if errors.Is(err, store.ErrNotFound) {
		return l, LogoNotFound
	}
	return l, err
}
