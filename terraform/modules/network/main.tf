# A network over three zones. Three kinds of subnets in each: public (NAT gateways and load balancers, nothing else),
# private (nodes and pods, which reach out through NAT), intra (database, control plane and endpoints, which reach nothing).

data "aws_region" "current" {}

locals {
  # A /16 gives each zone 8,190 addresses for pods, 1,022 public ones and 1,022 inside.
  private = { for index, zone in var.zones : zone => cidrsubnet(var.cidr, 3, index) }
  public  = { for index, zone in var.zones : zone => cidrsubnet(var.cidr, 6, 24 + index) }
  intra   = { for index, zone in var.zones : zone => cidrsubnet(var.cidr, 6, 28 + index) }

  nat_zones = toset(var.nat == "per_zone" ? var.zones : slice(var.zones, 0, 1))
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true

  tags = { Name = var.name }
}

# What is in no other security group is in this one, which lets nothing in or out.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id

  tags = { Name = "${var.name}-closed" }
}

resource "aws_subnet" "public" {
  for_each = local.public

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = {
    Name                     = "${var.name}-public-${each.key}"
    "kubernetes.io/role/elb" = "1"
  }
}

resource "aws_subnet" "private" {
  for_each = local.private

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = {
    Name                              = "${var.name}-private-${each.key}"
    "kubernetes.io/role/internal-elb" = "1"
  }
}

resource "aws_subnet" "intra" {
  for_each = local.intra

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value

  tags = { Name = "${var.name}-intra-${each.key}" }
}
