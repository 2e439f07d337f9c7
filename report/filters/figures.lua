-- Puts the drawings of the build into the HTML itself, where they follow dark and light, define
-- each glyph once for all of them, and on a narrow screen stand as strips one above another. The
-- build says where a drawing may be cut (scripts/common/strips.py); other pictures stay as they are.
-- Named in _quarto.yml at `post-quarto`; both engines run it.

local defined = {} -- what the page defines, by name; the embedded engine joins chapters likewise

local function escaped(text)
  return (text:gsub('[&<>"]', {['&'] = '&amp;', ['<'] = '&lt;', ['>'] = '&gt;', ['"'] = '&quot;'}))
end

-- Names begin with the file's, but for those of glyphs, which are the same in every drawing.
local function with_own_names(svg, path)
  local own = path:gsub('^generated/', ''):gsub('%.svg$', ''):gsub('[^%w]', '-') .. '-'
  for _, place in ipairs {' id="', 'href="#', 'url%(#'} do
    svg = svg:gsub('(' .. place .. ')(%l[%d.-]+)', '%1' .. own .. '%2')
  end
  return svg, own
end

-- Each definition once; a drawing shown again is drawn again under no name.
local function defined_once(svg)
  local function new(name)
    local known = defined[name]
    defined[name] = true
    return not known
  end
  local function kept(element, name) if not new(name) then return '' end end
  svg = svg:gsub('\n(<%l[^\n]- id="([^"]+)"[^\n]*)', kept) -- on a line of its own
  return (svg:gsub('<g id="([^"]+)"', function(name) if not new(name) then return '<g' end end))
end

-- "x y width height name name@shift": a window on the named groups.
local function strip(window, own)
  local box, names = window:match '^(%S+ %S+ %S+ %S+) (.*)$'
  local uses = names:gsub('(%w+)@?(%S*) ?', function(name, shift)
    return '<use href="#' .. own .. name .. '"' .. (shift ~= '' and ' x="' .. shift .. '"' or '') .. '/>'
  end)
  local width = box:match '^%S+ %S+ (%S+)'
  return '<svg viewBox="' .. box .. '" style="--points: ' .. width .. '">' .. uses .. '</svg>'
end

local function sizes(image)
  local style = ''
  for _, side in ipairs {'width', 'height'} do
    if image.attributes[side] then style = style .. side .. ': ' .. image.attributes[side] .. ';' end
  end
  return style ~= '' and ' style="' .. escaped(style) .. '"' or ''
end

local function drawn(image)
  local file = image.src:match '%.svg$' and io.open(image.src)
  local svg = file and file:read 'a'
  if file then file:close() end
  local strips = svg and svg:match '^<svg [^>]- data%-strips="([^"]+)"'
  if not strips then return nil end
  local alt = image.attributes['fig-alt'] or image.attributes.alt or pandoc.utils.stringify(image.caption)
  local label = ' role="img" aria-label="' .. escaped(alt) .. '"'
  svg = svg:gsub(' xmlns="[^"]*"', '', 1):gsub(' data%-strips="[^"]*"', '', 1):gsub('%s+$', '')
  local own
  svg, own = with_own_names(svg, image.src)
  svg = defined_once(svg)
  local narrow = strips:gsub('[^;]+;?', function(window) return strip(window:gsub(';', ''), own) end)
  return pandoc.RawInline('html', '<span class="drawing"' .. label .. sizes(image) .. '>' .. svg
    .. '<span class="strips">' .. narrow .. '</span></span>')
end

if not FORMAT:match 'html' then return {} end
return {{Image = drawn}}
