-- Names what no later step knows. Pandoc would drop most of it without a word.
local common = require 'common'

-- Refuse classes, attributes and identifiers that have no meaning on this element.
local function only(el, what, classes, attributes)
  for _, class in ipairs(el.classes) do
    if not classes[class] then
      common.refuse(class, 'the class `.' .. class .. '` on ' .. what .. ' is not supported')
    end
  end
  for key in pairs(el.attributes) do
    if not attributes[key] then
      common.refuse(key, 'the attribute `' .. key .. '` on ' .. what .. ' is not supported')
    end
  end
end

local div_classes = {}
for kind in pairs(common.proofs) do div_classes[kind] = true end
for kind in pairs(common.callouts) do div_classes['callout-' .. kind] = true end
local size = {width = true, height = true, ['fig-alt'] = true, alt = true}

-- Raw text reaches an output only where the author names that output; comments reach none.
local function raw(el)
  if el.format == 'html' and el.text:match '^<!%-%-.*%-%->%s*$' then return {} end
  if el.format ~= 'html' and el.format ~= 'typst' then
    common.refuse(el.text, 'raw ' .. el.format .. ' reaches neither the PDF nor the HTML')
  end
  return el.format == common.format and el or {}
end

return {
  RawBlock = raw,
  RawInline = raw,
  Div = function(el)
    local callout, proof = common.callout_kind(el), common.proof_kind(el)
    only(el, 'a div', div_classes, {
      title = callout ~= nil,
      name = proof ~= nil or common.is_theorem(el),
      ['layout-ncol'] = not (callout or proof or common.is_theorem(el)),
    })
    if not (el.attributes['layout-ncol'] or '1'):match '^[1-9]%d*$' then
      common.refuse('layout-ncol', 'layout-ncol is the number of columns')
    end
    if el.identifier == 'refs' then
      common.refuse('#refs', 'the bibliography stands at the end by itself; take `#refs` out')
    end
    if el.identifier ~= '' and (callout or proof) or #el.classes > 1 then
      common.refuse('#' .. el.identifier, 'a callout or a proof has one class and no label')
    end
  end,
  Span = function(el)
    local equation = common.kind(el.identifier) == 'eq'
    only(el, 'a span', {smallcaps = true, underline = true, number = true}, {alt = equation, of = true})
  end,
  Header = function(el)
    only(el, 'a heading', {unnumbered = true, appendix = true}, {})
  end,
  Image = function(el)
    only(el, 'an image', {}, size)
    for _, side in ipairs {'width', 'height'} do
      local given = el.attributes[side] or '1in'
      if not (given:match '^[%d.]+%%$' or given:match '^[%d.]+[cim][mn]$') then
        common.refuse(side .. '=' .. given, 'the ' .. side .. ' of an image is given in %, in, cm or mm')
      end
    end
  end,
  Link = function(el) only(el, 'a link', {uri = true, email = true}, {}) end,
  Code = function(el) only(el, 'code', {}, {}) end,
  CodeBlock = function(el)
    only(el, 'a code block', {[el.classes[1] or ''] = true}, {})
    if el.identifier ~= '' then
      common.refuse('#' .. el.identifier, 'code has no label here; take it out')
    end
    local note = (el.text .. '\n'):match '[^%w%s]%s*(<%d+>)[%s*/>-]*\n'
    if note then
      common.refuse(note, 'the annotation ' .. note .. ' of code is not supported; say it in the text')
    end
  end,
  Table = function(el)
    only(el, 'a table', {}, {['tbl-colwidths'] = true})
    if #el.head.rows == 0 then
      common.refuse(pandoc.utils.stringify(el.caption.long), 'this table has no header row')
    end
    if #el.caption.long > 0 and not common.kind(el.identifier) then
      common.refuse(pandoc.utils.stringify(el.caption.long),
        'a table with a caption needs a label: {#tbl-…}')
    end
  end,
  Figure = function(el)
    if common.kind(el.identifier) ~= 'fig' then
      common.refuse(pandoc.utils.stringify(el.caption.long),
        'a figure with a caption needs a label: {#fig-…}')
    end
  end,
}
