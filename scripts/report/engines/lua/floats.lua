-- Sets what carries a number beside the text: figures and their panels, tables, equations, headings.
local common = require 'common'
local raw, raw_block = common.raw, common.raw_block
local numbers = common.numbers

-- The caption as printed: "Figure 1: words", or "(a) words" under a panel.
local function caption(label, inlines)
  -- What is raw stands for a citation here.
  local words = inlines:walk {RawInline = function() return pandoc.Str 'x' end}
  if not pandoc.utils.stringify(words):gsub('\u{a0}', ''):match '%S' then
    common.refuse('#' .. label, 'the caption of ' .. label .. ' is empty; say what is shown')
  end
  local entry = numbers[label]
  local lead = entry.caption and '(' .. entry.caption .. ')' or common.name(label) .. ':'
  return pandoc.Inlines {pandoc.Str(lead), pandoc.Space()} .. inlines
end

-- A captioned float around `content`; `position` is where the caption stands. It comes as one
-- block, so that a grid of panels can count its cells; `unpacked` opens it.
local function float(label, content, inlines, position)
  local kind = numbers[label].kind
  local text = caption(label, inlines)
  if common.typst then
    local close = pandoc.Inlines {raw('], caption: figure.caption(position: ' .. position .. ')[')}
      .. text .. {raw('], kind: "quarto-float-' .. kind .. '", supplement: none, numbering: none) <'
                      .. label .. '>')}
    return pandoc.Div(pandoc.Blocks {raw_block '#figure(['} .. content .. {pandoc.Plain(close)},
                      pandoc.Attr('', {'float'}))
  end
  local words = pandoc.Blocks {raw_block '<figcaption>', pandoc.Plain(text), raw_block '</figcaption>'}
  local inside = position == 'top' and words .. content or content .. words
  local class = numbers[label].caption and 'panel' or 'float-' .. kind
  local open = '<figure id="' .. label .. '" class="' .. class .. '">'
  return pandoc.Div(pandoc.Blocks {raw_block(open)} .. inside .. {raw_block '</figure>'})
end

local function image(el)
  local alt = el.attributes['fig-alt'] or el.attributes.alt
  if not alt or alt == '' then
    common.refuse(el.src, 'the image ' .. el.src .. ' has no fig-alt')
  end
  if common.typst then
    local arguments = {common.quoted(el.src), 'alt: ' .. common.quoted(alt)}
    for _, side in ipairs {'width', 'height'} do
      local size = el.attributes[side]
      if size then
        table.insert(arguments, side .. ': ' .. size)
      end
    end
    return raw('#box(image(' .. table.concat(arguments, ', ') .. '))')
  end
  local attributes = {alt = alt}
  for _, side in ipairs {'width', 'height'} do attributes[side] = el.attributes[side] end
  return pandoc.Image({}, el.src, '', pandoc.Attr('', {}, attributes))
end

local function figure(el)
  return float(el.identifier, el.content, pandoc.utils.blocks_to_inlines(el.caption.long), 'bottom')
end

-- Relative column widths from tbl-colwidths="[1,2]".
local function set_widths(tbl, text)
  local widths, total = {}, 0
  for number in text:gmatch '[%d.]+' do
    table.insert(widths, tonumber(number))
    total = total + tonumber(number)
  end
  if #widths ~= #tbl.colspecs then
    common.refuse(text, 'tbl-colwidths names ' .. #widths .. ' columns, the table has '
      .. #tbl.colspecs)
  end
  for index, spec in ipairs(tbl.colspecs) do spec[2] = widths[index] / math.max(total, 100) end
end

local function grid_of(tbl)
  local words = pandoc.utils.blocks_to_inlines(tbl.caption.long)
  local label = tbl.identifier
  if tbl.attributes['tbl-colwidths'] then set_widths(tbl, tbl.attributes['tbl-colwidths']) end
  tbl.caption = {long = {}}
  tbl.attr = pandoc.Attr('', common.typst and {'typst:no-figure'} or {})
  if label == '' then
    return common.typst and pandoc.Blocks {raw_block '#align(center)[', tbl, raw_block ']'} or tbl
  end
  return float(label, pandoc.Blocks {tbl}, words, 'top')
end

-- The blocks of `content` side by side.
local function columns(content, count)
  if common.typst then
    local blocks = pandoc.Blocks {raw_block('#panels(' .. count .. ',')}
    for _, cell in ipairs(content) do
      blocks:extend {raw_block '[', cell, raw_block '],'}
    end
    blocks:insert(raw_block ')')
    return blocks
  end
  local style = {style = '--columns: ' .. count}
  return pandoc.Blocks {pandoc.Div(content, pandoc.Attr('', {'panels'}, style))}
end

-- A div of panels: `::: {#fig-x layout-ncol=2}` with a last paragraph as its caption, or a bare
-- `::: {layout-ncol=2}`.
local function panels(div)
  local kind = common.kind(div.identifier)
  local count = div.attributes['layout-ncol']
  if kind ~= 'fig' and kind ~= 'tbl' then
    if not count then return nil end
    return columns(div.content, count)
  end
  local words = div.content[#div.content]
  if not words or words.t ~= 'Para' or #div.content < 2 then
    common.refuse('#' .. div.identifier, 'this div needs a last paragraph, which is its caption')
  end
  div.content:remove()
  local content = div.content
  if count then
    content = columns(content, count)
  end
  if common.typst then content:insert(1, raw_block '#set figure(placement: none)') end
  return float(div.identifier, content, words.content, kind == 'tbl' and 'top' or 'bottom')
end

local function equation(span)
  if common.kind(span.identifier) ~= 'eq' then return nil end
  local number = '(' .. common.number(span.identifier) .. ')'
  if common.typst then
    local alt = span.attributes.alt and 'alt: ' .. common.quoted(span.attributes.alt) .. ', ' or ''
    return pandoc.Inlines {
      raw('#math.equation(block: true, numbering: _ => "' .. number .. '", ' .. alt .. '[ '),
      span.content[1], raw(' ]) <' .. span.identifier .. '>')}
  end
  local shown = pandoc.Span({pandoc.Str(number)}, pandoc.Attr('', {'equation-number'}))
  return pandoc.Span({span.content[1], shown}, pandoc.Attr(span.identifier, {'equation'}))
end

local function heading(el)
  local entry = numbers[el.identifier]
  if common.typst then
    local numbering = entry and '(..) => "' .. common.number(el.identifier) .. '"' or 'none'
    local open = '#heading(level: ' .. el.level .. ', numbering: ' .. numbering .. ')['
    return pandoc.Plain(pandoc.Inlines {raw(open)} .. el.content
                        .. {raw('] #label(' .. common.quoted(el.identifier) .. ')')})
  end
  if entry then
    local shown = pandoc.Span({common.number(el.identifier)}, pandoc.Attr('', {'header-section-number'}))
    el.content = pandoc.Inlines {shown, pandoc.Space()} .. el.content
  end
  return el
end

-- Typst floats only what stands in no block.
local function unpacked(doc)
  return doc:walk {
    Div = function(div) if div.classes:includes 'float' then return div.content end end,
  }
end

-- Panels are captioned before the figure around them is, so walk from the leaves up.
return {
  Pandoc = unpacked,
  Image = image, Span = equation, Header = heading, Figure = figure, Table = grid_of, Div = panels,
}
